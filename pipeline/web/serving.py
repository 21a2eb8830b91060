"""Run the API: one socket, one address file that tells `deckname push` where it is."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from pipeline.adapters.local_secret import local_secret
from pipeline.domain.errors import ServiceUnavailable
from pipeline.settings import Settings
from pipeline.usecases.deck import Deck
from pipeline.web.app import create_app

SHUTDOWN_SECONDS = 4
MAX_HEADER_BYTES = 288 * 1024
"""All headers of one request: known parties and the agent's text come in them."""


def serve(deck: Deck, settings: Settings) -> None:
    """Serve until a signal. Raises `ServiceUnavailable` where the address is taken."""
    app = create_app(deck, local_secret(settings.keys_folder))
    config = uvicorn.Config(
        app,
        access_log=False,  # ours stays free of addresses and queries
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
    )
    with listening(settings.api_host, settings.api_port) as listener:
        url = url_of(listener)
        with announced(settings.home_folder, url):
            _Server(config).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends by returning. Uvicorn's own raises the signal once more, which would kill the process
    before it has cleaned up, and make a wanted end look like a failure."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """While serving, SIGTERM and Ctrl-C mean: finish what runs, then stop."""
        ends = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self.handle_exit) for number in ends}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket. Raises `ServiceUnavailable`."""
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.create_server(address[:2], family=family, backlog=128)
    except OSError:
        raise ServiceUnavailable(
            f"port {port} cannot be listened on: stop what holds it, or set DECKNAME_API_PORT "
            "to another (0 picks a free one)"
        ) from None
    with listener:
        yield listener


def url_of(listener: socket.socket) -> str:
    """How a client on this machine reaches `listener`."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def announced(home: Path, url: str) -> Iterator[None]:
    """Keep `home/api-url` while the API listens."""
    record = home / "api-url"
    fresh = home / f".api-url-{os.getpid()}"
    fresh.write_text(url, "utf-8")
    fresh.replace(record)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if record.read_text("utf-8") == url:
                record.unlink()
