"""Fields of a request that nobody reads: a misspelled one must not be lost in silence."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fastapi import Request
from fastapi.routing import APIRoute

from pipeline.domain.errors import UnknownField
from pipeline.web.access import CustomerOf

_OURS = "deckname-"
"""What headers begin with that only Deckname reads; proxies add others."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}\Z")


def known_fields(request: Request, _customer: CustomerOf) -> None:
    """Raises `UnknownField` for a query parameter or a `Deckname-` header that the route does not
    take."""
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    query = {field.alias for field in route.dependant.query_params}
    headers = {field.alias for field in route.dependant.header_params}
    ours = [name for name in request.headers if name.startswith(_OURS)]
    _refuse("query parameter", (name for name in request.query_params if name not in query))
    _refuse("header", (name for name in ours if name not in headers))


def _refuse(kind: str, names: Iterable[str]) -> None:
    for name in names:
        # Whoever put a value in the place of a name does not get it back.
        shown = f"{kind} {name}" if _NAME.match(name) else kind
        raise UnknownField(f"there is no such {shown} here; nothing was kept")
