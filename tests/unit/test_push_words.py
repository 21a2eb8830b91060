"""What people and programs write into a push: consents, known parties, local tokens."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.local_secret import NAME, local_secret
from pipeline.cli.pushing import wait_for
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.errors import UsageError
from pipeline.domain.ids import CustomerId
from pipeline.domain.privacy import EntityType, KnownParty
from pipeline.usecases.consent_claims import parse_consent
from pipeline.usecases.local_access import LIFETIME, check_token, mint_token
from pipeline.usecases.parse_known import parse_known, parse_known_json

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECRET = b"s" * 32
ACME = CustomerId("acme")


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("audio_retention=30d", ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=30))),
        ("audio_retention=12h", ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(hours=12))),
        ("model_training=4w", ConsentClaim(Purpose.MODEL_TRAINING, timedelta(weeks=4))),
        ("llm_outside_eu", ConsentClaim(Purpose.LLM_OUTSIDE_EU, None)),
    ],
)
def test_consents_are_read(text: str, claim: ConsentClaim) -> None:
    assert parse_consent(text) == claim


@pytest.mark.parametrize(
    "text",
    ["", "yes", "audio=30d", "audio_retention=0d", "audio_retention=30", "audio_retention=-1d",
     "audio_retention=99999w", "audio_retention=30 days", "audio_retention=1e3d"],
)  # fmt: skip
def test_wrong_consents_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_consent(text)


class Following:
    """An API whose one call ends as `call` says."""

    def __init__(self, call: dict[str, Any]) -> None:
        self.call = call

    def follow(self, call_ids: list[str]) -> Iterator[dict[str, Any]]:
        yield {**self.call, "status": "processing"}
        yield self.call


@pytest.mark.parametrize(
    ("purpose", "act", "audio", "words"),
    [
        ("audio_retention", "unsupported", "destroyed", "(unsupported); its audio is destroyed"),
        ("audio_retention", "unsupported", "retained", "(unsupported); its audio is retained"),
        ("audio_retention", "refused", "destroyed", "the caller refused; its audio is destroyed"),
        ("model_training", "unsupported", "destroyed", "to model_training, and it was not heard"),
        ("llm_outside_eu", "withdrawn", "destroyed", "it was withdrawn; see"),
        ("audio_retention", "given", "retained", None),
        ("audio_retention", None, "destroyed", None),
    ],
)
def test_a_consent_that_the_call_does_not_bear_out_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str],
    purpose: str,
    act: str | None,
    audio: str,
    words: str | None,
) -> None:
    consents = [{"purpose": purpose, "duration": None, "act": act}]
    call = {"id": "call_1", "status": "stored", "audio": audio, "consents": consents}
    assert wait_for(Following(call), ["call_1"]) == 0
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == (words is not None)
    assert (words or "") in said.err


def test_known_parties_are_strings_or_typed() -> None:
    items = [
        "Martina Keller",
        "martina@example.org",
        "0151 234 567 89",
        "DE89 3704 0044 0532 0130 00",
        {"type": "STREET_ADDRESS", "value": "Lindenweg 4"},
        {"value": "Jo Meier"},
    ]
    kinds = [party.type for party in parse_known(items)]
    assert kinds == [
        EntityType.PERSON,
        EntityType.EMAIL_ADDRESS,
        EntityType.PHONE_NUMBER,
        EntityType.IBAN,
        EntityType.STREET_ADDRESS,
        EntityType.PERSON,
    ]


@pytest.mark.parametrize(
    "items",
    [{}, "Keller", [1], [None], [[]], [{"type": "PERSON"}], [{"type": "NAME", "value": "Keller"}],
     [{"type": ["x"], "value": "Keller"}], [" "], ["K" * 501], ["Keller"] * 101],
)  # fmt: skip
def test_wrong_known_parties_are_refused_without_quoting(items: object) -> None:
    with pytest.raises(UsageError) as caught:
        parse_known(items)
    assert "Keller" not in str(caught.value)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_known_reader(content: bytes) -> None:
    with contextlib.suppress(UsageError):
        assert all(isinstance(party, KnownParty) for party in parse_known_json(content))


def test_a_local_token_opens_one_customer_for_five_minutes() -> None:
    token = mint_token(SECRET, ACME, NOW)
    assert check_token(SECRET, token, NOW) == ACME
    assert check_token(SECRET, token, NOW + LIFETIME - timedelta(seconds=1)) == ACME
    assert check_token(SECRET, token, NOW + LIFETIME) is None
    assert check_token(SECRET, token, NOW - timedelta(hours=1)) is None
    assert check_token(b"t" * 32, token, NOW) is None


@given(st.data())
def test_no_altered_token_opens_anything(data: st.DataObject) -> None:
    token = mint_token(SECRET, ACME, NOW)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("abcdef0123456789.-xyz").filter(lambda c: c != token[at]))
    assert check_token(SECRET, token[:at] + other + token[at + 1 :], NOW) is None


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    first = local_secret(keys)
    assert len(first) == 32 and local_secret(keys) == first
    assert stat.S_IMODE((keys / NAME).stat().st_mode) == 0o600
    assert [path.name for path in keys.iterdir()] == [NAME]
