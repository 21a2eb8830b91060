"""Take a call in: seal its recording while it arrives, insert its row, then ring.

Whoever gets the call back may forget the recording: blob and row are durable (promise 5). On
any error nothing is kept; a blob that survives a crash here has no key anywhere, for its key is
in the row that was never inserted, and the start-up reaper unlinks it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from pipeline.domain.call import Call, CallStatus, Intake, Sealed
from pipeline.domain.errors import AccessDenied, NotFound, RecordingRejected, ServiceUnavailable
from pipeline.domain.ids import CallId, new_call_id
from pipeline.domain.recording import AudioState, RecordingLimits
from pipeline.ports import JobQueue
from pipeline.stages.sniff_format import HEAD_BYTES, sniff
from pipeline.usecases.deck import Deck
from pipeline.usecases.known_parties import brought_to_json
from pipeline.usecases.open_sealed import sealed_anew, settled

log = logging.getLogger(__name__)


def submit_call(intake: Intake, chunks: Iterable[bytes], deck: Deck) -> Call:
    """Store one recording and ask for its processing.

    Where the customer used the idempotency key before, the earlier call is returned and the new
    upload dropped. Raises `RecordingRejected` (empty, too_large, unknown_format), `StorageFull`,
    `NotFound` for an unknown customer, `AccessDenied` for a closed one.
    """
    customer = deck.calls.customer(intake.customer_id)
    if customer.closed_at is not None:
        raise AccessDenied("this customer is closed; nothing was kept")
    rules, received_at = deck.calls.retention_policy(customer.id), deck.clock.now()
    call = Call(
        id=new_call_id(),
        customer_id=intake.customer_id,
        status=CallStatus.RECEIVED,
        received_at=received_at,
        audio=AudioState.SEALED,
        language=intake.language,
        layout=intake.layout,
        consents=intake.consents,
        origin=intake.origin,
        priority=intake.priority,
        rules_version=rules.version,
        unsupported=rules.unsupported,
        transcript_until=rules.transcript_until(received_at, intake.origin),
    )
    recording = deck.recordings.seal(
        call.id, call.received_at, admitted(chunks, deck.policy.limits)
    )
    try:
        inserted = sealed_anew(
            lambda: deck.calls.add_call(call, intake, recording, _known(call, intake, deck))
        )
    except BaseException:
        _unlink_unless_inserted(call.id, deck)
        raise
    if inserted.id != call.id:
        deck.recordings.unlink(call.id)
    if inserted.status is CallStatus.RECEIVED:
        _ring(inserted.id, deck.queue)
    return inserted


def admitted(chunks: Iterable[bytes], limits: RecordingLimits) -> Iterator[bytes]:
    """Pass `chunks` on while they may be a recording within `limits`, at least one byte of it.
    Raises `RecordingRejected` at the first byte that settles that they are not."""
    size, head, passed = 0, b"", False
    for chunk in chunks:
        size += len(chunk)
        if size > limits.max_bytes:
            raise RecordingRejected(
                "too_large",
                f"the recording is larger than {limits.max_bytes} bytes; nothing was kept",
            )
        if passed:
            yield chunk
            continue
        head += chunk
        if len(head) >= HEAD_BYTES:
            yield _recognised(head)
            passed = True
    if not size:
        raise RecordingRejected("empty", "the recording is empty; nothing was kept")
    if not passed:
        yield _recognised(head)


def _recognised(head: bytes) -> bytes:
    if sniff(head) is None:
        raise RecordingRejected(
            "unknown_format",
            "this is no audio that Deckname knows (WAV, FLAC, MP3, Ogg, M4A, AMR, …); "
            "nothing was kept",
        )
    return head


def _known(call: Call, intake: Intake, deck: Deck) -> Sealed | None:
    """Sealed with the customer's present key, which an upload may have outlasted."""
    if not intake.known and not intake.agent:
        return None
    content = brought_to_json(intake.known, intake.agent)
    return settled(
        lambda: deck.calls.customer(call.customer_id),
        lambda customer: deck.transcripts.seal(customer, call.id, "known", content),
    )


def _unlink_unless_inserted(call_id: CallId, deck: Deck) -> None:
    # A commit that failed on its way back may have happened: then the row owns the blob.
    try:
        deck.calls.call(call_id)
    except NotFound:
        deck.recordings.unlink(call_id)


def _ring(call_id: CallId, queue: JobQueue) -> None:
    try:
        queue.ring(call_id)
    except ServiceUnavailable:
        # The call is durable; the reconciler rings again.
        log.warning("doorbell_failed", extra={"call_id": call_id})
