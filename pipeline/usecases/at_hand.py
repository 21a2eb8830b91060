"""A missing mount is no destroyed key: what should exist and is not there makes a call wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.domain.call import Customer
from pipeline.domain.errors import (
    ConfigurationError,
    KeyDestroyed,
    NotFound,
    ServiceUnavailable,
    WrongKey,
    WrongMasterKey,
)
from pipeline.domain.recording import RetainedKey, SealedRecording
from pipeline.domain.retention import day_key_end
from pipeline.ports import Clock


@contextmanager
def at_hand(
    clock: Clock,
    customer: Customer | None = None,
    recording: SealedRecording | RetainedKey | None = None,
) -> Iterator[None]:
    """Turn `NotFound`, `WrongKey`, `ConfigurationError` and a `KeyDestroyed` that nobody intended
    into `ServiceUnavailable`.

    A key was destroyed on purpose where the customer is closed or the recording's day key is past
    its end. Otherwise the key folder or the blobs are elsewhere today, and ending the call would
    destroy a recording that the operator still has: the cap ends it, if nobody looks after it.
    """
    try:
        yield
    except (ConfigurationError, WrongMasterKey) as error:
        raise ServiceUnavailable(f"{error}; the call waits") from None
    except (NotFound, WrongKey):
        raise _elsewhere() from None
    except KeyDestroyed:
        closed = customer is not None and customer.closed_at is not None
        if closed or _is_over(recording, clock):
            raise
        raise _elsewhere() from None


def _is_over(recording: SealedRecording | RetainedKey | None, clock: Clock) -> bool:
    if isinstance(recording, RetainedKey):
        return clock.now() >= recording.until
    return recording is not None and clock.now() >= day_key_end(recording.day)


def _elsewhere() -> ServiceUnavailable:
    return ServiceUnavailable(
        "a key or a recording is not where it was, the call waits: are the folders "
        "DECKNAME_KEYS and DECKNAME_HOME the right ones, and mounted?"
    )
