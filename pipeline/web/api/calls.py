"""Calls: push, list, show, and their transcripts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from pipeline.domain.agent_text import AgentTurn
from pipeline.domain.call import PRIORITIES, Call, CallStatus, ChannelLayout, Intake
from pipeline.domain.errors import AccessDenied, Held, RecordingRejected, UsageError
from pipeline.domain.ids import CallId, is_call_id
from pipeline.domain.privacy import KnownParty
from pipeline.domain.retention_policy import Origin
from pipeline.formats import format_named
from pipeline.usecases.consent_claims import parse_consent
from pipeline.usecases.describe_call import describe_call
from pipeline.usecases.erase_subject import erase_subject
from pipeline.usecases.find_subject import Search
from pipeline.usecases.hold_calls import OWED_WORDS, held_words
from pipeline.usecases.parse_agent_text import parse_agent_text
from pipeline.usecases.parse_known import parse_known_json
from pipeline.usecases.read_transcript import read_transcript
from pipeline.usecases.submit_call import submit_call
from pipeline.web.access import CustomerOf, DeckOfCustomer, announced_bytes, room_for_call
from pipeline.web.fields import known_fields
from pipeline.web.upload import consume_upload

router = APIRouter(prefix="/v1/calls", tags=["calls"])

Priority = Annotated[int, Query(ge=-PRIORITIES, le=PRIORITIES)]
Language = Annotated[str | None, Query(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$|^auto$")]


@router.post(
    "",
    status_code=202,
    dependencies=[Depends(known_fields), Depends(room_for_call)],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"audio/*": {}, "application/octet-stream": {}},
        }
    },
)
async def push_call(
    request: Request,
    owner: CustomerOf,
    deck: DeckOfCustomer,
    customer: str | None = None,
    language: Language = None,
    layout: ChannelLayout = ChannelLayout.AGENT_LEFT,
    origin: Origin = Origin.PHONE,
    consent: Annotated[list[str] | None, Query()] = None,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    priority: Priority = 0,
    deckname_known: Annotated[str | None, Header(max_length=64 * 1024)] = None,
    deckname_agent_text: Annotated[str | None, Header(max_length=192 * 1024)] = None,
) -> Response:
    """Push one recording as the raw request body. It is sealed while it arrives; the answer
    comes when recording and call are durable.

    `customer` guards against the wrong key: where it is another than the key's, nothing is kept.
    `consent` is PURPOSE=DURATION, e.g. audio_retention=30d, and may be repeated. The header
    Deckname-Known holds base64 of a JSON list of known names and numbers, to be redacted.
    `origin` is how the recording came: what a `messenger` brought lives six months at most.
    Of the calls that wait, those of the highest `priority` are next. The header
    Deckname-Agent-Text holds base64 of what the agent said: plain text, a turn a line, or a JSON
    list of turns, `{"text", "start", "end"}` with seconds of the recording; the agent's channel is
    then not transcribed, and this text redacted and stored instead.
    A query parameter or a `Deckname-` header that is not among these is 422, and nothing is kept.
    503 with `Retry-After` means that too many calls wait or the disk is nearly full: nothing was
    kept.
    """
    _check_type(request.headers.get("content-type", "application/octet-stream"))
    limits = deck.policy.limits
    if announced_bytes(request) > limits.max_bytes:
        raise RecordingRejected(
            "too_large", f"the recording is larger than {limits.max_bytes} bytes; nothing was kept"
        )
    if customer not in (None, owner.id):
        raise AccessDenied("this API key belongs to another customer; nothing was kept")
    intake = Intake(
        owner.id,
        _primary(language),
        layout,
        tuple(parse_consent(text) for text in consent or ()),
        _known(deckname_known),
        origin,
        idempotency_key=idempotency_key,
        priority=priority,
        agent=_agent(deckname_agent_text),
    )

    def submit(chunks: Iterable[bytes]) -> Call:
        return submit_call(intake, chunks, deck)

    call = await consume_upload(request.stream(), submit, request.app.state.uploads)
    return JSONResponse(
        describe_call(call, deck.consents), 202, headers={"Location": f"/v1/calls/{call.id}"}
    )


@router.get("")
def list_calls(
    customer: CustomerOf,
    deck: DeckOfCustomer,
    status: CallStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: str | None = None,
) -> dict[str, Any]:
    """The customer's calls, newest first. `next` continues the listing as `before`."""
    if before is not None and not is_call_id(before):
        raise UsageError("before is the id of a call")
    last = None if before is None else CallId(before)
    calls = deck.calls.calls(customer.id, status, limit, last)
    following = calls[-1].id if len(calls) == limit else None
    return {"calls": [describe_call(call, deck.consents) for call in calls], "next": following}


@router.get("/{call_id}")
def show_call(call_id: str, customer: CustomerOf, deck: DeckOfCustomer) -> dict[str, Any]:
    """One call: its status, what became of its audio, and of each consent that its push claimed:
    `act` is given, unsupported (not heard in the call), refused or withdrawn."""
    return describe_call(deck.calls.call(CallId(call_id), customer.id), deck.consents)


@router.delete("/{call_id}", status_code=204)
def erase_call(call_id: str, customer: CustomerOf, deck: DeckOfCustomer) -> Response:
    """Erase one call for good: transcript, vault and audio. `Deckname-Receipt` names the signed
    receipts; what is still to be unlinked gets its receipt within seconds. A legal hold answers
    with 409, its reason and its end; then the call is shown no more, and erased by itself when the
    hold has ended."""
    chosen = deck.calls.call(CallId(call_id), customer.id)
    if chosen.erased_at is not None:
        return Response(status_code=204)
    search = Search(customer.id, call_ids=(chosen.id,))
    done = erase_subject(search, deck, "customer")
    for _, holds in done.held:
        raise Held("; ".join(map(held_words, holds)) + OWED_WORDS)
    receipts = ", ".join(receipt.id for receipt in done.receipts)
    return Response(status_code=204, headers={"Deckname-Receipt": receipts} if receipts else None)


@router.get("/{call_id}/transcript")
def show_transcript(
    call_id: str,
    customer: CustomerOf,
    deck: DeckOfCustomer,
    format: Literal["json", "txt", "srt", "vtt"] = "json",
) -> Response:
    """The redacted transcript."""
    chosen = format_named(format)
    redacted = read_transcript(CallId(call_id), deck, customer.id)
    return Response(chosen.render(redacted), media_type=chosen.media_type)


def _check_type(content_type: str) -> None:
    essence = content_type.partition(";")[0].strip().lower()
    if not essence.startswith(("audio/", "video/")) and essence != "application/octet-stream":
        raise HTTPException(
            415, "send the recording as the body, as audio/* or application/octet-stream"
        )


def _primary(language: str | None) -> str | None:
    return None if language in (None, "auto") else str(language).partition("-")[0]


def _known(header: str | None) -> tuple[KnownParty, ...]:
    return () if header is None else parse_known_json(_decoded("Deckname-Known", header))


def _agent(header: str | None) -> tuple[AgentTurn, ...]:
    return () if header is None else parse_agent_text(_decoded("Deckname-Agent-Text", header))


def _decoded(name: str, header: str) -> bytes:
    try:
        return base64.b64decode(header, validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(f"the header {name} is not base64") from None
