"""From an asynchronous upload to a blocking consumer: a bounded queue between loop and thread.

When the consumer is slow the queue fills, the loop stops reading and TCP slows the sender down:
memory does not depend on the size of the upload, and nothing touches a temp file.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.requests import ClientDisconnect

from pipeline.domain.errors import UsageError

QUEUE_CHUNKS = 8
IDLE_SECONDS = 60.0

T = TypeVar("T")


async def consume_upload(
    stream: AsyncIterator[bytes],
    consume: Callable[[Iterable[bytes]], T],
    limiter: anyio.CapacityLimiter,
) -> T:
    """Run `consume` in a thread on the chunks of `stream` and return its result.

    An upload that breaks off, or says nothing for `IDLE_SECONDS`, raises `UsageError` inside
    `consume`. Whatever `consume` raises is raised here.
    """
    send, receive = anyio.create_memory_object_stream[bytes](QUEUE_CHUNKS)
    whole = threading.Event()
    outcome: list[T] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            outcome.append(consume(_chunks(receive, whole)))
        except Exception as error:
            errors.append(error)  # raised below, outside the task group that would wrap it
        finally:
            anyio.from_thread.run_sync(receive.close)

    async with anyio.create_task_group() as group:
        group.start_soon(_feed, stream, send, whole)
        await anyio.to_thread.run_sync(work, limiter=limiter)
    if errors:
        raise errors[0]
    return outcome[0]


def _chunks(receive: MemoryObjectReceiveStream[bytes], whole: threading.Event) -> Iterator[bytes]:
    while True:
        try:
            chunk = anyio.from_thread.run(receive.receive)
        except anyio.EndOfStream:
            break
        yield chunk
    # However the feeding ended (also by cancellation), only its regular end makes a whole upload.
    if not whole.is_set():
        raise UsageError("the upload broke off; nothing was kept")


async def _feed(
    stream: AsyncIterator[bytes], send: MemoryObjectSendStream[bytes], whole: threading.Event
) -> None:
    with send:
        try:
            while chunk := await _next(stream):
                await send.send(chunk)
            whole.set()
        except (ClientDisconnect, TimeoutError):
            return
        except anyio.BrokenResourceError:
            return  # the consumer said no early; `Guard` reads on while it tells why


async def _next(stream: AsyncIterator[bytes]) -> bytes:
    """The next chunk that holds something; empty at the end."""
    with anyio.fail_after(IDLE_SECONDS):
        async for chunk in stream:
            if chunk:
                return chunk
    return b""
