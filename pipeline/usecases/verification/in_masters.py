"""Whether the master keys at hand are those of the customers. With others every transcript is there
and opens to nobody, and a backup would be as useless. The key store alone can tell, so it is asked:
`opens` says, of one customer's two wrapped keys, whether the master keys open them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.domain.errors import ConfigurationError
from pipeline.usecases.verification.findings import Finding, Looked, Server
from pipeline.usecases.verification.rows import snapshot

Opens = Callable[[str, bytes, bytes], bool | None]
"""Customer, wrapped content key, wrapped vault key; None where nobody can tell now. It raises
`ConfigurationError` where the master keys are set wrongly."""

_LIVING = (
    "SELECT id, wrapped_key, wrapped_vault_key FROM customers WHERE closed_at IS NULL ORDER BY id"
)
_ALL_WRONG = (
    "the master keys at hand open the keys of no customer, or there are none: set"
    " DECKNAME_MASTER_KEY, or put back `content` and `vault` of DECKNAME_KEYS, as they were"
)
_UNUSABLE = "the master keys at hand open the keys of no customer"
_ONE_WRONG = "the master keys at hand open other customers' keys and not this one's"

_Row = tuple[str, bytes, bytes]


def verify_masters(database: Path | Server, opens: Opens, looked: Looked) -> tuple[Finding, ...]:
    """Of every customer that is not closed; a rotation may come between row and key, so what fails
    counts only where a newer row says the same. Those of which nobody can tell are not counted as
    looked at."""
    looked["customer_keys"] += 0
    try:
        answers = _settled_answers(database, opens)
    except ConfigurationError as error:  # one line of ours, that names settings and nobody
        return (Finding("master_key_wrong", "master keys", f"{_UNUSABLE}: {error}"),)
    looked["customer_keys"] += len(answers)
    wrong = sorted(customer for customer, right in answers.items() if not right)
    if wrong and len(wrong) == len(answers):
        return (Finding("master_key_wrong", "master keys", _ALL_WRONG),)
    return tuple(Finding("customer_key_wrong", f"customer {each}", _ONE_WRONG) for each in wrong)


def _settled_answers(database: Path | Server, opens: Opens) -> dict[str, bool]:
    """By customer, where there is an answer."""
    failed = set[_Row]()
    while True:
        answers = {row: opens(*row) for row in _living(database)}
        wrong = {row for row, right in answers.items() if right is False}
        if not wrong or wrong == failed:
            return {row[0]: right for row, right in answers.items() if right is not None}
        failed = wrong


def _living(database: Path | Server) -> list[_Row]:
    with snapshot(database) as rows:
        if rows is None or not rows.reads(_LIVING):
            return []
        return [
            (str(each), _sealed(key), _sealed(vault)) for each, key, vault in rows.execute(_LIVING)
        ]


def _sealed(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""  # whatever else it is, it opens nothing
