"""Export what is kept of a data subject (Art. 15 and 20): all of its calls, as JSON values.

What may be others' stays behind its pseudonym (Art. 15 (4)), and the export says how much of what:
only pseudonyms that stand for the subject are restored, those that its number, address or name is
behind, and those that the operator names.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pipeline.domain.audit import AuditEvent
from pipeline.domain.call import Call, CallStatus
from pipeline.domain.errors import Conflict, NotFound, UsageError
from pipeline.domain.privacy import Vault
from pipeline.domain.retention_policy import transcript_end
from pipeline.domain.rights import TOLD, Right, RightsRequest
from pipeline.domain.subject import Match
from pipeline.domain.transcript import RedactedTranscript
from pipeline.formats.subject_words import SUBJECT_WORDS, SubjectWords
from pipeline.stages.redact import restore
from pipeline.stages.subject_index import pseudonym_tokens
from pipeline.stages.vault_names import VaultNames
from pipeline.usecases.audio_consent import why_unkept
from pipeline.usecases.deck import Deck
from pipeline.usecases.describe_call import describe_call
from pipeline.usecases.find_subject import Found, Search, require_found
from pipeline.usecases.read_transcript import open_vault, read_stored, sealed_vault
from pipeline.usecases.rights_requests import DONE, close_request, request_for
from pipeline.usecases.subject_index import index_secret

SCHEMA = "deckname/subject-export/1"


def export_subject(
    search: Search,
    deck: Deck,
    actor: str,
    language: str = "de",
    own: Sequence[str] = (),
    request_id: str | None = None,
    right: Right = Right.EXPORT,
) -> dict[str, Any]:
    """All certain matches, restricted ones too; `waiting` and `possible` count the calls that are
    not in it. It answers a request for access (Art. 15) and one for portability (Art. 20); where
    none is named, one for `right` is opened. `own` are further pseudonyms that stand for the
    subject, where one call matches. On record before anything is told. Raises as `require_found`;
    `UsageError`, `NotFound` for an impossible `own`."""
    found = require_found(search, deck)
    if own and len(found.certain) != 1:
        raise UsageError("pseudonyms of the subject can be named where one call matches")
    if own:
        _require_kept(own, found.certain[0].call, deck)
    whose = search.customer_id
    request = request_for(right, whose, deck, request_id, found.subject, answers=TOLD)
    words = SUBJECT_WORDS[language]
    calls = [_exported(match, found, own, request, actor, words, deck) for match in found.certain]
    customer = deck.calls.customer(search.customer_id)
    document = {
        "schema": SCHEMA,
        "language": language,
        "made_at": deck.clock.now().isoformat(),
        "request": _described(request),
        "controller": {"id": customer.id, "name": customer.name},
        "purposes": list(words.purposes),
        "categories": list(words.categories),
        "recipients": list(words.recipients),
        "origin": words.origin,
        "calls": calls,
        "rights": list(words.rights),
        "waiting": found.waiting,
        "possible": len(found.possible),
    }
    close_request(request.id, DONE, deck, len(calls))
    return document


def _exported(
    match: Match,
    found: Found,
    own: Sequence[str],
    request: RightsRequest,
    actor: str,
    words: SubjectWords,
    deck: Deck,
) -> dict[str, Any]:
    call = match.call
    facts = {"request": request.id, "actor": actor}
    now = deck.clock.now()
    deck.audit.append(AuditEvent("subject_exported", now, call.id, call.customer_id, facts))
    return {
        **describe_call(call, deck.consents),
        "matched_by": [str(why) for why in match.why],
        "transcript": _transcript(call, found, own, words, deck),
        "declarations": _declarations(call, deck),
        "retention": _retention(call, deck),
        "deletions": _deletions(call, deck),
    }


def _transcript(
    call: Call, found: Found, own: Sequence[str], words: SubjectWords, deck: Deck
) -> dict[str, Any] | None:
    """Each segment as it is kept and, where that is the subject's own, as it was said; and by type
    what stays `hidden`, because it may be others' or, where no vault was kept, for good."""
    if call.status is not CallStatus.STORED:
        return None
    redacted = read_stored(call, deck)
    vault = _vault(call, deck)
    held = vault or Vault()
    mine = _of_subject(redacted, held, call, found, deck) | set(own)
    texts = restore(
        redacted, Vault(tuple(entry for entry in held.entries if entry.pseudonym in mine))
    )
    surfaces = VaultNames(held).surfaces
    hidden = {name: str(kind) for name, kind in redacted.pseudonyms.items() if name not in mine}
    return {
        "language": redacted.language,
        "own": {name: surfaces[name] for name in sorted(mine)},
        "hidden": hidden,
        "hidden_because": (words.lost if vault is None else words.hidden) if hidden else None,
        "vault_kept": vault is not None,
        "segments": [
            {
                "speaker": str(segment.speaker),
                "start": round(segment.start, 3),
                "end": round(segment.end, 3),
                "kept": segment.text,
                "text": text,
            }
            for segment, text in zip(redacted.segments, texts, strict=True)
        ],
    }


def _vault(call: Call, deck: Deck) -> Vault | None:
    """None where none was kept: then nobody can tell what was said."""
    try:
        return open_vault(call, sealed_vault(call, deck), deck)
    except Conflict:
        return None


def _of_subject(
    redacted: RedactedTranscript, vault: Vault, call: Call, found: Found, deck: Deck
) -> set[str]:
    if not found.tokens:
        return set()
    secret = index_secret(deck.calls.customer(call.customer_id), deck)
    tokens = pseudonym_tokens(vault, redacted.language, secret)
    return {name for name, held in tokens.items() if not held.isdisjoint(found.tokens)}


def _require_kept(own: Sequence[str], call: Call, deck: Deck) -> None:
    """Before a request is opened, which a slip of the pen would leave open."""
    vault = _vault(call, deck) if call.status is CallStatus.STORED else None
    kept = {entry.pseudonym for entry in vault.entries} if vault is not None else set()
    if not kept.issuperset(own):
        raise NotFound("there is no such pseudonym in this call; nothing was exported")


def _declarations(call: Call, deck: Deck) -> list[dict[str, Any]]:
    return [
        {
            "purpose": str(entry.purpose),
            "act": str(entry.act),
            "source": str(entry.source),
            "at": entry.at.isoformat(),
            "until": _iso(entry.until),
            "segment": entry.segment,
        }
        for entry in deck.consents.of_call(call.id)
    ]


def _retention(call: Call, deck: Deck) -> dict[str, Any]:
    """`transcript_until` None: until the contract with the controller ends, or where the call was
    erased."""
    holds = deck.holds.of(call.customer_id, call.id, deck.clock.now())
    return {
        "transcript_until": _iso(_transcript_end(call, deck)),
        "audio_until": _iso(None if why_unkept(call, deck) else call.audio_until),
        "legal_hold": bool(holds),
        "restricted_at": _iso(call.restricted_at),
        "objected_at": _iso(call.objected_at),
        "erasure_owed_at": _iso(call.erasure_owed_at),
    }


def _transcript_end(call: Call, deck: Deck) -> datetime | None:
    """By the rules of the call's intake and those of today, as expiry has it."""
    if call.erased_at is not None:
        return None
    today = deck.calls.retention_policy(call.customer_id)
    return transcript_end(call.received_at, call.origin, call.transcript_until, today)


def _deletions(call: Call, deck: Deck) -> list[dict[str, Any]]:
    """The signed receipts, each as `deckname receipts verify` takes it."""
    return [
        {
            "document": receipt.document,
            "signature": base64.b64encode(receipt.signature).decode(),
            "class": receipt.body["class"],
            "trigger": receipt.body["trigger"],
            "done": receipt.body["done"],
        }
        for receipt in deck.deletions.receipts(call_id=call.id)
    ]


def _described(request: RightsRequest) -> dict[str, Any]:
    return {
        "id": request.id,
        "received_at": request.received_at.isoformat(),
        "due_at": request.due_at.isoformat(),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
