"""The census over the in-memory twins of the store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pipeline.adapters.memory.call_repository import MemoryCallRepository
from pipeline.domain.call import Call
from pipeline.domain.ids import CustomerId
from pipeline.domain.processing import Census, Stock
from pipeline.domain.recording import AudioState

SCHEMA = "memory"


class MemoryStoreCensus:
    """See `StoreCensus`."""

    def __init__(self, calls: MemoryCallRepository) -> None:
        self._calls = calls

    def take(self) -> Census:
        """Customer by customer."""
        customers = (customer.id for customer in self._calls.customers())
        return Census(SCHEMA, {each: self._stock(each) for each in customers})

    def _stock(self, customer_id: CustomerId) -> Stock:
        calls = self._calls.calls(customer_id, limit=1_000_000)
        states = [str(call.status) if call.erased_at is None else "erased" for call in calls]
        audio = [call for call in calls if call.audio is not AudioState.DESTROYED]
        deletions = self._calls.deletions
        return Stock(
            received=states.count("received"),
            processing=states.count("processing"),
            stored=states.count("stored"),
            failed=states.count("failed"),
            erased=states.count("erased"),
            audio=len(audio),
            retained=sum(call.audio is AudioState.RETAINED for call in audio),
            receipts=len(deletions.receipts(customer_id, limit=1_000_000)),
            pending=sum(
                each.customer_id == customer_id for each in deletions.pending(limit=1_000_000)
            ),
            oldest_call=_oldest(call for call in calls if call.erased_at is None),
            oldest_audio=_oldest(audio),
        )


def _oldest(calls: Iterable[Call]) -> datetime | None:
    return min((call.received_at for call in calls), default=None)
