"""The whole way of a recording. Read this page first.

A call that cannot be processed ends as `failed` with its audio destroyed; one that may succeed
later is given back. Nothing verbatim leaves this function's frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pipeline.domain.call import Call, Claim, Outcome, Sealed
from pipeline.domain.errors import (
    DecknameError,
    KeyDestroyed,
    PermanentError,
    RecordingRejected,
    ServiceUnavailable,
)
from pipeline.domain.ids import CallId
from pipeline.domain.privacy import KnownParty, Vault
from pipeline.domain.recording import RetainedKey, SealedRecording
from pipeline.domain.redaction_policy import RedactionPolicy
from pipeline.domain.transcript import RedactedTranscript
from pipeline.stages.redact import to_json, vault_to_json
from pipeline.stages.transcribe import Listening, Part
from pipeline.usecases.at_hand import at_hand
from pipeline.usecases.consent_in_call import consents_in
from pipeline.usecases.deck import Deck
from pipeline.usecases.finish_deletions import unlinked
from pipeline.usecases.known_parties import Brought, open_brought
from pipeline.usecases.make_ready import Parts, Watch
from pipeline.usecases.open_sealed import open_sealed, sealed_anew
from pipeline.usecases.pack_calls import Packing, Way
from pipeline.usecases.redaction_policy import read_policy
from pipeline.usecases.subject_index import index_of
from pipeline.usecases.transcribe_recording import prepare_recording, redact_recording


def process_calls(call_ids: Sequence[CallId], deck: Deck, owner: str) -> tuple[Call, ...]:
    """Claim those of `call_ids` that are free and take each all the way.

    Returns the calls as they are now, in the order in which they ended. Raises `TransientError`
    where calls had to be given back.
    """
    claims = list(deck.calls.claim(call_ids, owner, deck.clock.now(), deck.policy.lease))
    done: list[Call] = []

    def more(room: int) -> Sequence[Claim]:
        taken, claims[:] = claims[:room], claims[room:]
        return taken

    Packing(more, _way(deck), deck, told=done.append).run()
    return tuple(done)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a worker brings: `watch` ends it where native code hangs, `stopping` says that nothing
    more shall be begun, `enough` that nothing more shall be taken in; `told` hears of each call
    that ended, `broke` of each that did not."""

    told: Callable[[Call], None] = lambda _: None
    broke: Callable[[CallId, Exception], None] = lambda *_: None
    watch: Watch | None = None
    stopping: Callable[[], bool] = lambda: False
    enough: Callable[[], bool] = lambda: False


def process_waiting(deck: Deck, owner: str, around: Surroundings) -> None:
    """Take whatever waits, fair between customers, until nothing does. A call that may have killed
    a worker runs alone. Raises as `process_calls` does."""
    alone, rung = False, 1

    def more(room: int) -> Sequence[Claim]:
        nonlocal alone, rung
        idle = room == deck.policy.calls_at_once
        if around.enough() or (alone and not idle):
            return ()
        now, lease = deck.clock.now(), deck.policy.lease
        claims = deck.calls.claim_waiting(room, owner, now, lease, suspects=idle)
        alone = any(claim.call.attempts > 1 for claim in claims)
        _answer(len(claims) - rung, deck)
        rung = 0 if claims else rung
        return claims

    way, stopping = _way(deck), around.stopping
    Packing(more, way, deck, around.watch, around.told, around.broke, stopping).run()


def _answer(rung: int, deck: Deck) -> None:
    """Take the doorbells of calls that were claimed: the workers that sleep need no waking."""
    if rung > 0:
        with suppress(ServiceUnavailable):
            deck.queue.answer(rung)


def _way(deck: Deck) -> Way:
    """A call that a step can never take further ends as failed."""

    def prepare(claim: Claim) -> Parts:
        if claim.call.attempts > deck.policy.max_attempts:
            return _fail(claim, "too_many_attempts", deck)
        try:
            yield from _prepared(claim, deck)
        except PermanentError as error:
            return _fail(claim, _code(error), deck)
        return None

    def finish(claim: Claim, listening: Listening) -> Call:
        try:
            return _finished(claim, listening, deck)
        except PermanentError as error:
            return _fail(claim, _code(error), deck)

    return Way(prepare, finish)


def _code(error: PermanentError) -> str:
    return f"{error.code}:{error.reason}" if isinstance(error, RecordingRejected) else error.code


def _prepared(claim: Claim, deck: Deck) -> Iterator[Part]:
    """Sealed recording → rows to recognise."""
    call = claim.call
    recording = deck.calls.recording(call.id)
    with ExitStack() as opened:
        with at_hand(deck.clock, recording=recording):
            audio = opened.enter_context(deck.recordings.reader(call.id, recording))
        agent_on = call.layout if _brought(claim, deck).agent else None
        yield from prepare_recording(audio, deck.transcriber, call.language, agent_on)


def _finished(claim: Claim, listening: Listening, deck: Deck) -> Call:
    """Words → redacted, sealed and stored; the recording's key is destroyed with that."""
    recording = deck.calls.recording(claim.call.id)
    policy = _policy(claim.call, deck)
    brought = _brought(claim, deck)
    redacted, vault = _redacted_transcript(claim, listening, brought, policy, deck)
    sealed = partial(_sealed, claim, recording, redacted, vault, policy, brought.known, deck)
    return sealed_anew(lambda: _store(claim, sealed(), deck))


def _policy(call: Call, deck: Deck) -> RedactionPolicy:
    with at_hand(deck.clock, customer=deck.calls.customer(call.customer_id)):
        return read_policy(call.customer_id, deck)


def _redacted_transcript(
    claim: Claim, listening: Listening, brought: Brought, policy: RedactionPolicy, deck: Deck
) -> tuple[RedactedTranscript, Vault]:
    """Verbatim speech becomes a redacted transcript in here."""
    call = claim.call
    return redact_recording(
        listening.verbatim(call.layout, brought.agent),
        deck.transcriber,
        brought.known,
        policy,
        call.received_at.date(),
    )


def _sealed(
    claim: Claim,
    recording: SealedRecording | RetainedKey,
    redacted: RedactedTranscript,
    vault: Vault,
    policy: RedactionPolicy,
    known: Sequence[KnownParty],
    deck: Deck,
) -> Outcome:
    """What is kept, sealed. A vault that the customer does not want is never written, and no index
    is made of it."""
    call = claim.call
    customer, seal = deck.calls.customer(call.customer_id), deck.transcripts.seal
    with at_hand(deck.clock, customer=customer, recording=recording):
        transcript = seal(customer, call.id, "transcript", to_json(redacted))
        originals: Sealed | None = None
        index: tuple[str, ...] = ()
        if policy.keep_vault:
            originals = seal(customer, call.id, "vault", vault_to_json(vault))
            index = index_of(customer, vault, known, redacted.language, deck)
        consents = consents_in(call, customer, redacted, deck)
        retained = _retain(call, recording, consents.audio_until, deck)
    return Outcome(
        language=redacted.language,
        duration=redacted.duration,
        transcript=transcript,
        vault=originals,
        pseudonym_counts=tuple((str(kind), count) for kind, count in vault.counts().items()),
        retained=retained,
        trigger=consents.trigger,
        consents=consents.told,
        index=index,
    )


def _store(claim: Claim, outcome: Outcome, deck: Deck) -> Call:
    """The one transaction: transcript in, audio key out. The blob follows at once."""
    try:
        stored = deck.calls.complete(claim, outcome, deck.clock.now())
    except DecknameError:
        _forget_retention(claim.call, outcome.retained, deck)
        raise
    if stored.audio_until is None:
        unlinked(stored.id, deck, outcome.retained)  # withdrawn while we worked, if there is one
    return stored


def _retain(
    call: Call, recording: SealedRecording | RetainedKey, until: datetime | None, deck: Deck
) -> RetainedKey | None:
    """A key of its own for audio that a consent keeps; None where there is no such consent."""
    if until is None or until <= deck.clock.now() or isinstance(recording, RetainedKey):
        return None
    return deck.recordings.retain(call.id, recording, until)


def _forget_retention(call: Call, retained: RetainedKey | None, deck: Deck) -> None:
    """Destroy a retention key that no row refers to. A commit whose answer was lost did happen:
    then the row owns the key. Where nobody can tell, or the key folder is away, maintenance finds
    the key later (`reap_keys`)."""
    if retained is None:
        return
    with suppress(DecknameError):
        if not _owns(call.id, retained, deck):
            deck.recordings.destroy_retained(retained.key_name)


def _owns(call_id: CallId, retained: RetainedKey, deck: Deck) -> bool:
    try:
        return deck.calls.recording(call_id) == retained
    except KeyDestroyed:
        return False


def _fail(claim: Claim, code: str, deck: Deck) -> Call:
    failed = deck.calls.fail(claim, code, deck.clock.now())
    unlinked(claim.call.id, deck)
    return failed


def _brought(claim: Claim, deck: Deck) -> Brought:
    """What the push brought along."""
    call_id = claim.call.id
    sealed = deck.calls.known(call_id)
    if sealed is None:
        return Brought(claim.known)
    customer = deck.calls.customer(claim.call.customer_id)
    with at_hand(deck.clock, customer=customer):
        return open_brought(
            open_sealed(
                customer.id, call_id, "known", lambda: deck.calls.known(call_id) or sealed, deck
            )
        )
