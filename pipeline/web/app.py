"""The HTTP application. `create_app` joins a deck to its routes; `pipeline.web` serves it."""

from __future__ import annotations

from importlib.metadata import version

import anyio
from fastapi import FastAPI

from pipeline.usecases.admit_calls import Admission
from pipeline.usecases.deck import Deck
from pipeline.web.api import calls, consents, health, receipts
from pipeline.web.guard import Guard
from pipeline.web.problems import install_problems

MAX_UPLOADS = 32
"""Uploads sealed at a time; further ones wait unread. Apart from the threads of other requests,
so that slow uploads never block a listing."""


def create_app(deck: Deck, local_secret: bytes | None = None) -> FastAPI:
    """The API on `deck`. With `local_secret` the operator's local tokens are accepted too."""
    app = FastAPI(
        title="Deckname",
        version=version("deckname"),
        openapi_url="/v1/openapi.json",
        docs_url=None,  # both pages would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.deck = deck
    app.state.admission = Admission(deck)
    app.state.local_secret = local_secret
    app.state.uploads = anyio.CapacityLimiter(MAX_UPLOADS)
    install_problems(app)
    app.add_middleware(Guard)
    app.include_router(calls.router)
    app.include_router(receipts.router)
    app.include_router(consents.router)
    app.include_router(health.router)
    return app
