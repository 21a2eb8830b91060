"""Errors over HTTP: `application/problem+json` (RFC 9457) with a stable `code`, never content."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.domain.errors import AccessDenied, DecknameError, RecordingRejected, TransientError

log = logging.getLogger(__name__)


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """A problem response. `detail` is one sentence for people; `code` is for programs."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return JSONResponse(body | more, status, media_type="application/problem+json")


def install_problems(app: FastAPI) -> None:
    """Make every error of `app` a problem."""
    app.add_exception_handler(DecknameError, _expected)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(Guard)


async def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, DecknameError)
    more = {"reason": error.reason} if isinstance(error, RecordingRejected) else {}
    response = problem(error.http_status, error.code, str(error), **more)
    if isinstance(error, AccessDenied):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TransientError):
        response.headers["Retry-After"] = "5"
    return response


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != phrase else f"{phrase}: {request.method} is not here"
    response = problem(error.status_code, phrase.lower().replace(" ", "_"), detail)
    response.headers.update(error.headers or {})
    return response


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]  # its `input` is what was sent: never quoted
    place = ".".join(str(part) for part in first["loc"])
    return problem(400, "usage", f"{place}: {first['msg']}")


class Guard:
    """Outermost: forbids caching, and turns an unexpected error into a 500 that tells nothing.
    The log gets the error's type and place; its message could quote a call."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = "no-store"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception:
            log.exception("request_failed")  # the log keeps type and place only
            if started:
                raise ConnectionAbortedError from None
            response = problem(500, "internal", "something went wrong here; nothing was changed")
            await response(scope, receive, guarded)
