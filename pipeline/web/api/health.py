"""For load balancers: is the process alive, can it take calls in. No key, no details."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from pipeline.domain.errors import DecknameError
from pipeline.web.access import DeckOf

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(deck: DeckOf) -> Response:
    """Ready when the database answers. Redis may be away: a push is durable without it, and the
    reconciler rings later."""
    database = _answers(deck.calls.customers)
    queue = _answers(deck.queue.waiting)
    states = {True: "ok", False: "unavailable"}
    return JSONResponse(
        {"status": states[database], "database": states[database], "queue": states[queue]},
        status_code=200 if database else 503,
    )


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (DecknameError, OSError):
        return False
    return True
