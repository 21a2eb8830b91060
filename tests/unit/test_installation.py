"""What settings say to the papers: how far away services are, and never an address or secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.domain.errors import ConfigurationError
from pipeline.domain.processing import Measure, SubProcessor, Where
from pipeline.installation import installation_of, installed, swap_on, where, where_of_redis
from pipeline.settings import Settings, load_settings

EIFEL = {
    "name": "Rechenzentrum Eifel AG",
    "address": "52062 Aachen",
    "service": "Server",
    "personal_data": "sealed",
    "country": "Germany",
}


@pytest.mark.parametrize(
    ("host", "place"),
    [
        (None, Where.THIS_MACHINE),
        ("", Where.THIS_MACHINE),
        ("localhost", Where.THIS_MACHINE),
        ("/run/postgresql", Where.THIS_MACHINE),
        ("127.0.0.1", Where.THIS_MACHINE),
        ("::1", Where.THIS_MACHINE),
        ("10.1.2.3", Where.PRIVATE_NETWORK),
        ("fd00::1", Where.PRIVATE_NETWORK),
        ("redis", Where.PRIVATE_NETWORK),
        ("8.8.8.8", Where.ELSEWHERE),
        ("db.example.com", Where.ELSEWHERE),
        ("0.0.0.0", Where.ELSEWHERE),
        ("::", Where.ELSEWHERE),
    ],
)
def test_how_far_away_a_host_is(host: str | None, place: Where) -> None:
    assert where(host) is place


def test_how_far_away_redis_is() -> None:
    assert where_of_redis("unix:///run/redis.sock") is Where.THIS_MACHINE
    assert where_of_redis("redis://:secret@10.0.0.8:6379/0") is Where.PRIVATE_NETWORK
    assert where_of_redis("rediss://cache.example.com") is Where.ELSEWHERE


def test_the_defaults_are_all_on_this_machine() -> None:
    told = installation_of(Settings())
    assert (told.database, told.database_at, told.redis_at) == ("sqlite", "embedded", "embedded")
    assert told.recordings_at is Where.EMBEDDED
    assert told.api_at is Where.THIS_MACHINE and told.log_days == 7
    assert told.evidence_years == 3
    assert (told.model, told.model_origin, told.recognizers) == ("bundled", "bundled", 0)
    assert told.operator.name is None and told.operator.subprocessors is None


def test_addresses_and_secrets_stay_where_they_are(tmp_path: Path) -> None:
    told = installation_of(
        Settings(
            home=tmp_path / "home",
            database_url="postgresql+psycopg://anna:geheim@db.example.com/deck",
            redis_url="redis://:geheim@cache.example.com",
            blobs="s3://anna-bucket/acme",
            s3_endpoint="https://s3.example.com",
            s3_access_key="anna",
            s3_secret_key="geheim",
            model=str(tmp_path),
            recognizers="acme.pii:Ticket, /etc/deckname/more.yaml",
        )
    )
    assert (told.database, told.database_at, told.redis_at) == (
        "postgresql",
        "elsewhere",
        "elsewhere",
    )
    assert (told.model, told.model_origin, told.recognizers) == (tmp_path.name, "folder", 2)
    assert told.recordings_at is Where.ELSEWHERE
    for secret in ("anna", "geheim", "example.com", str(tmp_path), "acme"):
        assert secret not in repr(told)
    assert installation_of(Settings(model="large-v3-turbo")).model_origin == "hub"


def test_swap_is_on_where_a_disk_takes_memory(tmp_path: Path) -> None:
    listing = tmp_path / "swaps"
    listing.write_text("Filename Type Size Used Priority\n")
    assert swap_on(listing) is False
    listing.write_text("Filename Type\n/dev/zram0 partition\n")
    assert swap_on(listing) is False
    listing.write_text("Filename Type\n/dev/zram0 partition\n/dev/sda2 partition\n")
    assert swap_on(listing) is True
    assert swap_on(tmp_path / "none") is None


def test_libraries_are_told_with_the_versions_that_are_here() -> None:
    found = {library.name: library.version for library in installed()}
    assert found["rq"] == "3.0.0" and "tink" in found


def test_the_operator_has_a_section_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deckname.toml").write_text(
        'model = "small"\n'
        '[operator]\nname = "Rheinland GmbH"\n'
        "subprocessors = [" + json.dumps(EIFEL).replace('": ', '" = ') + "]\n"
        '[operator.controllers]\nmusterhaus = "Musterhaus GmbH"\n'
        '[operator.measures]\nbackups = "täglich"\n',
        "utf-8",
    )
    told = installation_of(load_settings()).operator
    assert told.name == "Rheinland GmbH" and told.controllers == {"musterhaus": "Musterhaus GmbH"}
    assert told.measures == {Measure.BACKUPS: "täglich"}
    assert told.subprocessors == (SubProcessor(**EIFEL),)
    monkeypatch.setenv("DECKNAME_OPERATOR_NAME", "Rheinland AG")
    assert installation_of(load_settings()).operator.name == "Rheinland AG"


def test_the_operator_may_stand_in_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECKNAME_OPERATOR_SUBPROCESSORS", "[]")
    monkeypatch.setenv("DECKNAME_OPERATOR_MEASURES", '{"disks": "LUKS"}')
    told = installation_of(load_settings()).operator
    assert told.subprocessors == () and told.measures == {Measure.DISKS: "LUKS"}


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ('[operator]\nnmae = "x"\n', "DECKNAME_OPERATOR_NMAE"),
        ('operator = "x"\n', "deckname.toml cannot be read"),
        ('[operator.measures]\ngarden = "x"\n', "DECKNAME_OPERATOR_MEASURES_GARDEN"),
        ('[[operator.subprocessors]]\nname = "x"\n', "DECKNAME_OPERATOR_SUBPROCESSORS_0_ADDRESS"),
    ],
)
def test_a_slip_in_the_section_is_one_clear_line(
    toml: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deckname.toml").write_text(toml, "utf-8")
    with pytest.raises(ConfigurationError, match=complaint):
        load_settings()
