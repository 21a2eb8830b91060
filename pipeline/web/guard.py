"""The outermost layer of the API: no caching, no leaking, and answers that arrive."""

from __future__ import annotations

import logging

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.web.problems import problem

log = logging.getLogger(__name__)

DRAIN_BYTES = 16 * 1024 * 1024
DRAIN_SECONDS = 5.0


class Guard:
    """ASGI middleware: forbids caching, and turns an unexpected error into a 500 that tells
    nothing; the log keeps the error's type and place, for its message could quote a call."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(receive, Headers(scope=scope))
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = "no-store"
                headers["X-Content-Type-Options"] = "nosniff"
                if message["status"] >= 400:
                    await body.drain()
            await send(message)

        try:
            await self.app(scope, body.receive, guarded)
        except Exception:
            log.exception("request_failed")
            if started:
                raise ConnectionAbortedError from None
            response = problem(500, "internal", "something went wrong here; nothing was changed")
            await response(scope, receive, guarded)


class _Body:
    """The request's body, and how much of it was never read. A server that answers and closes
    while the client still sends resets the connection, and the answer is lost."""

    def __init__(self, receive: Receive, headers: Headers) -> None:
        self._receive = receive
        self._ended = False
        # Such a client sends nothing before it is asked to; an error is why it never will be.
        self._waits = headers.get("expect", "").lower() == "100-continue"

    async def receive(self) -> Message:
        message = await self._receive()
        self._waits = False
        self._ended = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Read on for a while, unless the body has ended or never began."""
        left = DRAIN_BYTES
        with anyio.move_on_after(DRAIN_SECONDS):
            while left > 0 and not self._ended and not self._waits:
                left -= len((await self.receive()).get("body", b""))
