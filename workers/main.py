"""`python -m workers.main worker|maintenance`: one process, in the foreground, until a signal."""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from pipeline.adapters.embedded_redis import EmbeddedRedis
from pipeline.adapters.rq_queue import open_redis
from pipeline.bootstrap import bootstrap
from pipeline.domain.errors import ServiceUnavailable, TransientError
from pipeline.domain.ids import CallId
from pipeline.logging import log_event
from pipeline.ports import CallRepository
from pipeline.processes import exit_status, prepare
from pipeline.settings import Settings, load_settings
from pipeline.usecases.clean_up import Leadership
from pipeline.usecases.deck import Deck
from pipeline.usecases.tie_keys import check_masters
from workers.call_worker import WORKER_TTL, CallWorker
from workers.deadlines import deadline
from workers.held_claims import HeldClaims
from workers.jobs import Worker, process_call
from workers.maintenance import chores, maintain
from workers.retries import BackOff
from workers.stop_signals import StopSignals

log = logging.getLogger("workers.main")  # run with -m its name is __main__, which is nobody's


def main(arguments: list[str]) -> int:
    """The exit status."""
    roles = {"worker": run_worker, "maintenance": run_maintenance}
    if len(arguments) != 1 or arguments[0] not in roles:
        sys.stderr.write(f"usage: python -m workers.main {'|'.join(roles)}\n")
        return 2
    return exit_status(lambda: roles[arguments[0]](load_settings()))


def run_worker(settings: Settings, deck_of: Callable[[Settings], Deck] = bootstrap) -> int:
    """Process calls until a signal: once to finish the call at hand, twice to hand it back.

    Raises `ModelUnavailable`, `ServiceUnavailable`, `ConfigurationError`, or what `check_masters`
    does, before it begins.
    """
    signals = _prepare(settings, "worker")
    with _redis(settings) as redis:
        deck = deck_of(settings)
        check_masters(deck)
        claims = HeldClaims(deck.calls)
        deck = replace(deck, calls=cast(CallRepository, claims))
        signals.on_hurry = lambda: _leave_at_once(claims, deck)
        _load_models(deck)
        back_off = BackOff()
        while not signals.stopping:
            try:
                if redis is not None:
                    redis.start()
                with open_redis(settings, timeout=WORKER_TTL) as connection:
                    _work(connection, deck, signals, settings)
                back_off = back_off.succeeded()
            except (RedisError, ServiceUnavailable):
                log_event(log, "redis_unreachable", logging.WARNING)
            back_off = back_off.failed()
            signals.wait(back_off.seconds)
    log_event(log, "worker_stopped")
    return 0


def run_maintenance(settings: Settings) -> int:
    """Ring for stranded calls, enforce retention, reap orphans, until a signal."""
    signals = _prepare(settings, "maintenance")
    leadership = Leadership(f"maintenance-{secrets.token_hex(8)}")
    with _redis(settings):
        deck = bootstrap(settings)
        log_event(log, "maintenance_started", pid=os.getpid())
        maintain(deck, chores(settings.reconcile_seconds, leadership), signals)
        with suppress(TransientError):
            leadership.give_up(deck)
    log_event(log, "maintenance_stopped")
    return 0


def _prepare(settings: Settings, role: str) -> StopSignals:
    prepare(settings, role)
    signals = StopSignals(on_hurry=lambda: os._exit(0))  # nothing is claimed yet
    signals.install()
    return signals


@contextmanager
def _redis(settings: Settings) -> Iterator[EmbeddedRedis | None]:
    """The embedded server, where no other is configured."""
    if settings.redis_url is not None:
        yield None
        return
    with EmbeddedRedis(settings.home_folder) as server:
        yield server


def _load_models(deck: Deck) -> None:
    """Before the first call, so that a missing model is told at once and no lease waits for it."""
    deck.transcriber.speech_detector()
    deck.transcriber.recogniser()
    deck.transcriber.detector()


def _work(connection: Redis, deck: Deck, signals: StopSignals, settings: Settings) -> None:
    """One connection's life. Raises `RedisError` where it breaks."""
    owner = f"worker-{secrets.token_hex(8)}"

    def stopping() -> bool:
        return signals.stopping

    def process(call_id: CallId) -> None:
        process_call(call_id, deck, myself)

    myself = Worker(owner, partial(deadline, settings.max_processing_seconds), stopping)
    worker = CallWorker(connection, owner, process)
    signals.on_stop = worker.stop
    if signals.stopping:
        return
    log_event(log, "worker_started", worker=owner, pid=os.getpid())
    worker.work()


def _leave_at_once(claims: HeldClaims, deck: Deck) -> None:
    log_event(log, "claims_handed_back", count=claims.hand_back(deck.clock.now()))
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
