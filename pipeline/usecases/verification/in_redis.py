"""What Redis holds: RQ's keys about call ids, and not a word more."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pipeline.domain.errors import ServiceUnavailable
from pipeline.usecases.verification.findings import Canaries, Finding, Looked

if TYPE_CHECKING:
    from redis import Redis

_CALL = r"call_[0-9a-f]{32}"
_ID = re.compile(rf"{_CALL}\Z")
_KEY = re.compile(
    rf"rq:(?:(?:job|results|executions):{_CALL}"
    rf"|execution:{_CALL}:[0-9a-f]{{32}}|job:{_CALL}:dependents|job::{_CALL}:dependencies"
    r"|(?:queue|wip|finished|failed|deferred|scheduled|canceled|workers|clean_registries"
    r"|queue:intermediate):calls"
    rf"|queue:calls:intermediate(?::first_seen:{_CALL})?|intermediate_queue:calls"
    r"|queues|workers|suspended|worker:[A-Za-z0-9_.:-]{1,100})\Z"
)
_STREAM = re.compile(rf"rq:results:{_CALL}\Z")
_MEMBER = re.compile(rf"(?:{_CALL}(?::[0-9a-f]{{32}})?|[0-9a-f]{{32}}|rq:[a-z:]+[\w.:-]*)\Z")
_WORD = re.compile(rb"[A-Za-z0-9_.:-]{0,100}\Z")
_HASHES = ("rq:job:", "rq:execution:", "rq:worker:")
_FAILURE = re.compile(
    r"failed|Moved to FailedJobRegistry, due to AbandonedJobError, at [0-9T :.+-]{1,40}"
)
"""What our worker leaves of a failure, and RQ of a job whose worker died."""


def is_known_key(name: str) -> bool:
    """Whether RQ has such a key for our queue."""
    return _KEY.match(name) is not None


def verify_redis(redis: Redis, canaries: Canaries, looked: Looked) -> Iterator[Finding]:
    """Keys beside the expected ones, jobs whose arguments are not one call id, results that say
    more than a code. Raises `ServiceUnavailable`."""
    from redis.exceptions import RedisError

    try:
        for key in redis.scan_iter(count=500):
            looked["redis_keys"] += 1
            yield from _verify_key(redis, key, canaries)
    except (RedisError, OSError):
        raise ServiceUnavailable("Redis cannot be reached; it was not verified") from None


def _verify_key(redis: Redis, key: bytes, canaries: Canaries) -> Iterator[Finding]:
    name = key.decode("utf-8", "replace")
    kind: Any = redis.type(key)
    known = is_known_key(name)
    if not known:
        yield Finding("redis_key_unknown", "redis", "there is a key that is none of ours")
        name = "redis"
    values = tuple(values_of(redis, key))
    if canaries and any(canaries.sing_in(value) for value in (key, *values)):
        yield Finding("content_in_clear", name, "Redis holds content in clear")
    if kind == b"stream" and not _STREAM.match(name):
        yield Finding("redis_stream", name, "there is a stream that is none of ours")
    elif name.startswith("rq:job:") and kind == b"hash":
        yield from _verify_job(name, redis.hgetall(key))
    elif name.startswith("rq:results:") and kind == b"stream":
        if not all(_is_code(entry) for entry in _entries(redis, key)):
            yield Finding("redis_result_wordy", name, "a result says more than a code")
    elif known and not _is_expected(kind, name, values):
        yield Finding("redis_member_unknown", name, "an entry is no call id")


def _is_expected(kind: bytes, name: str, values: tuple[bytes, ...]) -> bool:
    """Collections hold ids, strings one plain word; RQ keeps hashes of jobs and workers only."""
    if kind == b"string":
        return all(map(_WORD.match, values))
    if kind == b"hash":
        return name.startswith(_HASHES)
    return all(map(is_member, values))


def _verify_job(name: str, job: Any) -> Iterator[Finding]:
    if not job:
        return  # it ended in between
    if b"data" not in job:
        yield Finding("redis_job_arguments", name, "the job has no arguments")
    yield from verify_job_fields(name, {b"description": b"", **job})


def verify_job_fields(name: str, job: dict[bytes, bytes]) -> Iterator[Finding]:
    """Those fields of a job that are there: its arguments are its call's id, and nothing says
    more than a code."""
    if b"data" in job and _arguments(job) != [name.removeprefix("rq:job:")]:
        yield Finding("redis_job_arguments", name, "the job carries more than its call's id")
    meta, description = job.get(b"meta", b""), job.get(b"description", b"call")
    if description != b"call" or meta not in (b"", b"{}") or b"result" in job:
        yield Finding("redis_job_wordy", name, "the job has a description, meta or a result")
    if b"exc_info" in job and not _is_failure(_inflated(job[b"exc_info"])):
        yield Finding("redis_job_wordy", name, "the job's failure says more than a code")


def is_member(value: bytes) -> bool:
    """Whether `value` is a call's id, or a name that RQ gives."""
    return _MEMBER.match(value.decode("utf-8", "replace")) is not None


def _arguments(job: dict[bytes, bytes]) -> list[Any] | None:
    try:
        _, instance, args, kwargs = json.loads(_inflated(job[b"data"]))
    except (KeyError, ValueError, TypeError):
        return None
    plain = instance is None and kwargs == {} and isinstance(args, list)
    return args if plain and all(isinstance(one, str) and _ID.match(one) for one in args) else None


def _is_code(entry: dict[bytes, bytes]) -> bool:
    if b"return_value" in entry and entry[b"return_value"] not in (b"", b"bnVsbA=="):
        return False
    return b"exc_string" not in entry or _is_failure(_inflated(entry[b"exc_string"]))


def _is_failure(text: bytes) -> bool:
    return not text or _FAILURE.fullmatch(text.decode("utf-8", "replace")) is not None


def _inflated(stored: bytes) -> bytes:
    """RQ deflates what it stores, and writes base64 around it in streams."""
    for packed in (stored, _from_base64(stored)):
        with suppress(zlib.error):
            return zlib.decompress(packed)
    return stored


def _from_base64(stored: bytes) -> bytes:
    try:
        return base64.b64decode(stored, validate=True)
    except binascii.Error:
        return b""


def _entries(redis: Redis, key: bytes) -> list[Any]:
    found: Any = redis.xrange(key)
    return [entry for _, entry in found]


def values_of(redis: Redis, key: bytes) -> Iterator[bytes]:
    """Every part of what the key holds, inflated."""
    for value in _raw_values(redis, key):
        if value is not None:
            yield _inflated(value)


def _raw_values(redis: Any, key: bytes) -> list[Any]:
    kind = redis.type(key)
    if kind == b"string":
        return [redis.get(key)]
    if kind == b"list":
        return list(redis.lrange(key, 0, -1))
    if kind == b"set":
        return list(redis.smembers(key))
    if kind == b"zset":
        return list(redis.zrange(key, 0, -1))
    pairs = [redis.hgetall(key)] if kind == b"hash" else []
    if kind == b"stream":
        pairs = _entries(redis, key)
    return [part for pair in pairs for item in pair.items() for part in item]
