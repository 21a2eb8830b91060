"""Errors over HTTP: `application/problem+json` (RFC 9457) with a stable `code`, never content."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from pipeline.domain.errors import AccessDenied, DecknameError, RecordingRejected, TransientError


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


async def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, DecknameError)
    more = {"reason": error.reason} if isinstance(error, RecordingRejected) else {}
    response = problem(error.http_status, error.code, str(error), **more)
    if isinstance(error, AccessDenied):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TransientError):
        response.headers["Retry-After"] = str(error.retry_after)
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
