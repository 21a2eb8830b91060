"""Finish what deletions began: the blob, the retention key, the job in Redis; then the receipt.

The content opened no more when the deletion began. Running this twice, or in two places at once,
changes nothing more.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from pipeline.domain.deletion import (
    RETAINED_KEYS,
    DataClass,
    Deletion,
    Method,
    Place,
    Receipt,
    document_of,
)
from pipeline.domain.errors import TransientError
from pipeline.domain.ids import CallId, CustomerId
from pipeline.domain.ledger import receipt_told
from pipeline.domain.recording import RetainedKey
from pipeline.formats.counts import counted
from pipeline.usecases.deck import Deck

_ALL = 1_000_000
_AUDIO = (DataClass.RAW_AUDIO, DataClass.RETAINED_AUDIO)
JOBS = "redis:job"


def finish_deletions(
    deck: Deck,
    call_id: CallId | None = None,
    limit: int = 1000,
    customer_id: CustomerId | None = None,
) -> tuple[Receipt, ...]:
    """Receipts of the deletions that were pending. Where a place cannot be reached now, a deletion
    stays pending, and the others are finished."""
    receipts = []
    for deletion in deck.deletions.pending(limit, call_id, customer_id):
        with suppress(TransientError):
            receipts.append(_finish(deletion, deck))
    return tuple(receipts)


def pending_receipts(deck: Deck, *call_ids: CallId) -> int:
    """How many deletions of these calls have no receipt yet."""
    return sum(len(deck.deletions.pending(_ALL, call_id)) for call_id in call_ids)


def pending_words(pending: int) -> str:
    """What to tell whoever deleted, after a sentence; empty where all receipts are signed."""
    if not pending:
        return ""
    receipts = counted(pending, "receipt")
    return (
        f"; {receipts} not signed yet, as Redis or the recordings' folder cannot be reached: "
        "nothing of what was deleted can be opened any more, and `deckname up` signs the rest "
        "by itself"
    )


def unlinked(call_id: CallId, deck: Deck, retained: RetainedKey | None = None) -> None:
    """Unlink the blob of a call whose audio key was destroyed just now, and note when; first
    destroy the retention key that was made for it, if one was. A store that cannot be reached now
    is left to `finish_deletions`: what was committed stays done."""
    if retained is not None:
        gone = deck.recordings.destroy_retained(retained.key_name)
        now = deck.clock.now()
        deck.deletions.note(call_id, place_of(RETAINED_KEYS, Method.KEY_DESTROYED, gone, now))
    with suppress(TransientError):
        gone, where = deck.recordings.unlink(call_id), deck.recordings.place
        deck.deletions.note(call_id, place_of(where, Method.UNLINKED, gone, deck.clock.now()))


def _finish(deletion: Deletion, deck: Deck) -> Receipt:
    done = replace(deletion, places=(*deletion.places, *_remaining(deletion, deck)))

    def sign(deletion: Deletion, position: int, previous: str) -> Receipt:
        now = deck.clock.now()
        document = document_of(deletion, now, position, previous, deck.signer.key_id)
        receipt = Receipt(deletion.id, document, deck.signer.sign(document.encode()))
        # Before the commit: a ledger that knows too much deletes nothing that lives.
        deck.ledger.append(receipt_told(deletion, receipt, now))
        return receipt

    return deck.deletions.finish(done, sign, deck.clock.now())


def _remaining(deletion: Deletion, deck: Deck) -> tuple[Place, ...]:
    if deletion.call_id is None or deletion.data_class not in _AUDIO:
        return ()
    noted = {place.where for place in deletion.places}
    places = []
    if deletion.key_name is not None:
        gone = deck.recordings.destroy_retained(deletion.key_name)
        if gone or RETAINED_KEYS not in noted:
            now = deck.clock.now()
            places.append(place_of(RETAINED_KEYS, Method.KEY_DESTROYED, gone, now))
    gone = deck.recordings.unlink(deletion.call_id)
    if gone or deck.recordings.place not in noted:
        places.append(place_of(deck.recordings.place, Method.UNLINKED, gone, deck.clock.now()))
    gone = deck.queue.forget(deletion.call_id)
    places.append(place_of(JOBS, Method.REDIS_DELETED, gone, deck.clock.now()))
    return tuple(places)


def place_of(where: str, method: Method, gone: bool, now: datetime) -> Place:
    """`method` where something was there."""
    return Place(where, method if gone else Method.NOT_PRESENT, now)
