"""Every error Deckname raises on purpose.

::

    DecknameError
    ├── TransientError            try again, with back-off
    │   ├── ServiceUnavailable    Redis, database or API cannot be reached (exit 3, HTTP 503)
    │   │   └── KeysElsewhere     the key folder at hand is another store's, or not mounted
    │   ├── StorageFull           no room for the recording (exit 3, HTTP 507)
    │   ├── Overloaded            no further call is taken in for now (exit 3, HTTP 503)
    │   ├── KeyRotated            sealed with a key that was replaced meanwhile: seal anew
    │   └── LeaseLost             another worker holds the call now; this one must not commit
    └── PermanentError            trying again cannot help
        ├── RecordingRejected     the audio cannot or must not be processed (HTTP 422)
        ├── ResidualPii           PII was left after redaction; nothing was released (HTTP 422)
        ├── ModelUnavailable      no such speech model here (exit 3)
        ├── UsageError            wrong words on the command line or in a request (exit 2, HTTP 400)
        │   └── UnknownField      a request says something that is not understood (HTTP 422)
        ├── AccessDenied          no, wrong or revoked key (exit 1, HTTP 401)
        ├── NotFound              no such customer, call or transcript (exit 1, HTTP 404)
        ├── Conflict              the state forbids it (exit 1, HTTP 409)
        │   ├── Held              a legal hold keeps the transcript
        │   └── Restricted        a data subject restricted processing (Art. 18 GDPR)
        ├── SealBroken            ciphertext altered, cut, or sealed with another key
        │   └── WrongKey          the wrapping key at hand does not open the wrapped one
        │       └── WrongMasterKey    the master keys at hand are not those of the customers
        ├── KeyDestroyed          the key is gone on purpose: nobody can open this any more
        └── ConfigurationError    settings that cannot work (exit 2)
            └── UpgradeDue        the database is an older Deckname's, and was only to be looked at

Messages are shown to people and may be logged: they name what was wrong, what was kept and what
to do, and never quote content, names, numbers or file names.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from pipeline.domain.privacy import EntityType


class DecknameError(Exception):
    """Base of all. `code` is a stable snake_case name that is safe to store and to log."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1
    http_status: ClassVar[int] = 500


class TransientError(DecknameError):
    """Trying again later may help."""

    code = "transient"
    exit_status = 3
    http_status = 503
    retry_after: ClassVar[int] = 5
    """Seconds after which a client should try again."""


class PermanentError(DecknameError):
    """Trying again cannot help."""

    code = "permanent"


class ServiceUnavailable(TransientError):
    """A service that Deckname needs cannot be reached."""

    code = "service_unavailable"


class KeysElsewhere(ServiceUnavailable):
    """The key folder at hand does not belong to this database; no key was made or destroyed."""

    code = "keys_elsewhere"


class StorageFull(TransientError):
    """There is no room left to keep the recording; nothing of it was kept."""

    code = "storage_full"
    http_status = 507


class Overloaded(TransientError):
    """Too many calls wait, or the disk is nearly full: nothing of the recording was kept."""

    code = "overloaded"
    retry_after = 60


class LeaseLost(TransientError):
    """The lease on the call ran out and somebody else may hold it; nothing was committed."""

    code = "lease_lost"
    http_status = 409


class KeyRotated(TransientError):
    """The customer's key was replaced after the content was sealed; nothing was committed."""

    code = "key_rotated"


class RecordingRejected(PermanentError):
    """The recording cannot be processed. `reason` is one of `REASONS`."""

    code = "recording_rejected"
    http_status = 422

    REASONS: ClassVar[frozenset[str]] = frozenset(
        {
            "empty",
            "unknown_format",
            "truncated",
            "no_audio",
            "too_short",
            "too_long",
            "too_large",
            "too_many_channels",
            "sample_rate",
        }
    )

    def __init__(self, reason: str, message: str) -> None:
        assert reason in self.REASONS, reason
        super().__init__(message)
        self.reason = reason


class ResidualPii(PermanentError):
    """PII was left in a redacted transcript. `counts` says how much of which type."""

    code = "residual_pii"
    http_status = 422

    def __init__(self, counts: Mapping[EntityType, int]) -> None:
        ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        listed = ", ".join(f"{count} {kind}" for kind, count in ranked)
        super().__init__(
            f"{sum(counts.values())} residual PII found ({listed}); nothing was released"
        )
        self.counts = MappingProxyType(dict(ranked))


class ModelUnavailable(PermanentError):
    """The speech model is not here and cannot be fetched."""

    code = "model_unavailable"
    exit_status = 3
    http_status = 503


class UsageError(PermanentError):
    """The request itself is off."""

    code = "usage"
    exit_status = 2
    http_status = 400


class UnknownField(UsageError):
    """A request has a field that does not exist: what it was meant to say would be lost."""

    code = "unknown_field"
    http_status = 422


class AccessDenied(PermanentError):
    """No key, or a key that opens nothing here."""

    code = "access_denied"
    http_status = 401


class NotFound(PermanentError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"
    http_status = 404


class Conflict(PermanentError):
    """The present state forbids this."""

    code = "conflict"
    http_status = 409


class Held(Conflict):
    """A legal hold keeps it; nothing was deleted."""

    code = "legal_hold"


class Restricted(Conflict):
    """Processing was restricted (Art. 18 GDPR): it stays, and is not shown."""

    code = "restricted"


class SealBroken(PermanentError):
    """Authentication failed: altered, cut short, or sealed with another key. Nothing was read."""

    code = "seal_broken"


class WrongKey(SealBroken):
    """The wrapping key at hand does not open the wrapped key: another key folder, or altered."""

    code = "wrong_key"


class WrongMasterKey(WrongKey):
    """The master keys at hand do not open the customers' keys; everything was kept."""

    code = "wrong_master_key"


class KeyDestroyed(PermanentError):
    """The key was destroyed on purpose; the content cannot be opened by anybody."""

    code = "key_destroyed"
    http_status = 410


class ConfigurationError(PermanentError):
    """Settings that cannot work."""

    code = "configuration"
    exit_status = 2


class UpgradeDue(ConfigurationError):
    """The database is an older Deckname's; whoever only looks at it does not upgrade it."""

    code = "upgrade_due"
