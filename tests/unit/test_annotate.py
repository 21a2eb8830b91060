"""What a policy adds to a transcript; the text stays as it is."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.domain.privacy import EntityType, PiiSpan
from pipeline.domain.redaction_policy import RedactionPolicy
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript
from pipeline.stages.annotate import annotate
from pipeline.stages.redact import from_json, redact, restore, to_json

SAID = "Anna Keller, geboren 3.8.1985, in 80331"
SPANS = (
    PiiSpan(0, 11, EntityType.PERSON, 0.9),
    PiiSpan(21, 29, EntityType.DATE_OF_BIRTH, 0.9),
    PiiSpan(34, 39, EntityType.POSTCODE, 0.9),
)
VERBATIM = VerbatimTranscript("de", 2.0, (Segment(Speaker.CALLER, 0.0, 2.0, SAID),))
DAY = date(2026, 1, 31)
COARSE = {"[DATE_OF_BIRTH_1]": "40-49", "[POSTCODE_1]": "80***"}


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("generalise", [False, True])
def test_the_policy_says_what_is_added(link: bool, generalise: bool) -> None:
    policy = RedactionPolicy(
        link_callers=link, generalise=generalise, link_secret=b"secret" if link else b""
    )
    redacted, vault = redact(VERBATIM, (SPANS,))
    noted = annotate(redacted, vault, policy, DAY)
    assert set(noted.links) == ({"[PERSON_1]"} if link else set())
    assert noted.generalised == (COARSE if generalise else {})
    assert noted.segments == redacted.segments and noted.pseudonyms == redacted.pseudonyms
    assert restore(noted, vault) == (SAID,)
    assert from_json(to_json(noted)) == noted
    assert (noted == redacted) is not (link or generalise)


def test_a_secret_alone_links_nothing_and_without_a_day_there_are_no_ages() -> None:
    redacted, vault = redact(VERBATIM, (SPANS,))
    assert annotate(redacted, vault, RedactionPolicy(link_secret=b"secret"), DAY) == redacted
    noted = annotate(redacted, vault, RedactionPolicy(generalise=True), None)
    assert noted.generalised == {"[POSTCODE_1]": "80***"}


def test_transcripts_that_were_stored_before_there_were_policies_are_read() -> None:
    redacted, _ = redact(VERBATIM, (SPANS,))
    older = to_json(redacted).replace(b'"links":{},"generalised":{},', b"")
    assert b"links" not in older
    assert from_json(older) == redacted


def test_what_is_added_is_not_printed() -> None:
    redacted, vault = redact(VERBATIM, (SPANS,))
    policy = RedactionPolicy(link_callers=True, generalise=True, link_secret=b"secret")
    noted = annotate(redacted, vault, policy, DAY)
    assert "80***" not in repr(noted) and noted.links["[PERSON_1]"] not in repr(noted)
