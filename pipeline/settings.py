"""All settings, read once, from `DECKNAME_*` variables, then `deckname.toml`, then defaults."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipeline.domain.bucket import Bucket, Credentials, bucket_of
from pipeline.domain.deletion_concept import (
    EVIDENCE_YEARS,
    LOG_DAYS,
    MOST_EVIDENCE_YEARS,
    MOST_LOG_DAYS,
    evidence_period,
)
from pipeline.domain.errors import ConfigurationError
from pipeline.domain.processing import Measure
from pipeline.domain.recording import RecordingLimits

_DEFAULT_HOME = Path("~/.local/share/deckname")


class SubProcessorSettings(BaseModel):
    """One entry of `operator_subprocessors`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    address: str
    service: str
    personal_data: str
    country: str
    safeguard: str | None = None


class _Toml(TomlConfigSettingsSource):
    """A table `[operator]` is a prefix: `name` in it is `operator_name`."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        read = super()._read_file(file_path)
        section = read.pop("operator", {})
        if not isinstance(section, dict):
            raise ValueError("operator is a section")
        return read | {f"operator_{name}": value for name, value in section.items()}


class _Amazon(PydanticBaseSettingsSource):
    """The variables that S3 programs share, for a store on S3: each where `DECKNAME_S3_…` says
    nothing. A key is taken whole, never half from here and half from there."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not used: all are read at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        if "blobs" not in self.current_state:
            return {}
        found = {
            "s3_endpoint": _first("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
            "s3_region": _first("AWS_REGION", "AWS_DEFAULT_REGION"),
        }
        if not _S3_KEY & self.current_state.keys():
            found |= {
                "s3_access_key": _first("AWS_ACCESS_KEY_ID"),
                "s3_secret_key": _first("AWS_SECRET_ACCESS_KEY"),
                "s3_session_token": _first("AWS_SESSION_TOKEN"),
            }
        return {name: value for name, value in found.items() if value is not None}


_S3_KEY = frozenset({"s3_access_key", "s3_secret_key", "s3_session_token"})


def _first(*names: str) -> str | None:
    return next(filter(None, map(os.environ.get, names)), None)


class Settings(BaseSettings):
    """Every setting with its default. The field's name in capitals behind `DECKNAME_` is its
    variable."""

    model_config = SettingsConfigDict(
        env_prefix="DECKNAME_", frozen=True, extra="forbid", toml_file="deckname.toml"
    )

    home: Path = Field(_DEFAULT_HOME, description="Folder of the database and the sealed blobs.")
    keys: Path | None = Field(
        None,
        description="Folder of the keys; keep it out of backups of the data. Default: HOME-keys.",
    )
    master_key: SecretStr | None = Field(
        None,
        description="32 random bytes in base64 (`deckname keys secret`): both master keys are "
        "derived from it. Default: files in KEYS.",
    )
    other_master_key: SecretStr | None = Field(
        None, description="A second such secret that opens and does not wrap; for rotations."
    )
    kms_uri: str | None = Field(
        None,
        description="Key that seals the master key files: `aws-kms://…`, `gcp-kms://…` or "
        "`hcvault://…`.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="`postgresql+psycopg://USER@HOST/DATABASE`, or another SQLite file. Default: "
        "SQLite in HOME.",
    )
    database_owner_url: SecretStr | None = Field(
        None,
        description="PostgreSQL role that owns the tables, to make and upgrade them. Default: that "
        "of DATABASE_URL.",
    )
    blobs: str | None = Field(
        None,
        description="`s3://BUCKET/PREFIX` for the sealed blobs. Default: the folder HOME/blobs.",
    )
    s3_endpoint: str | None = Field(
        None, description="The S3 server, `https://HOST`. Default: AWS_ENDPOINT_URL_S3, or Amazon."
    )
    s3_region: str | None = Field(
        None, description="Its region. Default: AWS_REGION; a server of your own needs none."
    )
    s3_access_key: SecretStr | None = Field(
        None, description="Its access key. Default: AWS_ACCESS_KEY_ID."
    )
    s3_secret_key: SecretStr | None = Field(
        None, description="The secret key to it. Default: AWS_SECRET_ACCESS_KEY."
    )
    s3_session_token: SecretStr | None = Field(
        None, description="The token of a key that ends by itself. Default: AWS_SESSION_TOKEN."
    )
    redis_url: SecretStr | None = Field(
        None, description="Redis or Valkey. Default: one of its own, on a private Unix socket."
    )
    api_host: str = Field("127.0.0.1", description="Address the API listens on.")
    api_port: int = Field(8473, ge=0, le=65535, description="Port of the API; 0 picks a free one.")
    api_url: str | None = Field(
        None, description="Where `deckname push` finds the API. Default: the one `up` started."
    )
    api_key: SecretStr | None = Field(
        None, description="The customer's key that `deckname push` sends."
    )
    model: str = Field(
        "bundled", description="`bundled`, a faster-whisper name, or a CTranslate2 folder."
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where the model runs.")
    compute_type: str = Field("default", description="CTranslate2 compute type, e.g. int8.")
    workers: int = Field(
        0,
        ge=0,
        le=1024,
        description="Workers that `deckname up` runs; 0: the machine tells (`deckname doctor`).",
    )
    cpu_threads: int = Field(
        0, ge=0, description="Threads of each worker's model; 0: the machine's cores, shared out."
    )
    batch_size: int = Field(
        0, ge=0, le=1024, description="Most rows in a batch; 0: as free memory allows."
    )
    beam_size: int = Field(5, ge=1, le=20, description="Beam width of the recogniser.")
    recognizers: str | None = Field(
        None,
        description="Recognisers to add, separated by commas: `package.module:Class`, or the path "
        "of a Presidio registry YAML file.",
    )
    max_call_seconds: float = Field(5 * 3600.0, gt=0, description="Longest call accepted.")
    max_upload_bytes: int = Field(512 * 1024**2, gt=0, description="Largest upload accepted.")
    max_waiting_calls: int = Field(
        100_000, ge=1, description="Calls that wait; at more, pushes are put off (503)."
    )
    spare_bytes: int = Field(
        256 * 1024**2,
        ge=0,
        description="Room that pushes leave on the disk of HOME, to finish what was taken in; at "
        "less, they are put off (503).",
    )
    lease_seconds: float = Field(
        20.0, gt=1, description="A worker's claim on a call; renewed four times as often."
    )
    reconcile_seconds: float = Field(
        5.0, gt=0, description="How often stranded calls are rung again."
    )
    max_processing_seconds: float = Field(
        6 * 3600.0, gt=0, description="A worker that takes longer for one call hangs: it is ended."
    )
    max_attempts: int = Field(3, ge=1, description="Tries before a call ends as failed.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe level logged; content is logged at none."
    )
    log_days: int = Field(
        LOG_DAYS.days,
        ge=1,
        le=MOST_LOG_DAYS.days,
        description="Days that the log files in HOME/logs are kept.",
    )
    evidence_years: int = Field(
        EVIDENCE_YEARS,
        ge=EVIDENCE_YEARS,
        le=MOST_EVIDENCE_YEARS,
        description="Years that receipts, consents and the audit log are kept after the end of "
        "what they are about.",
    )
    time_zone: str = Field(
        "Europe/Berlin", description="Time zone of letters and papers: whose clock they tell."
    )
    operator_name: str | None = Field(
        None, description="Who runs Deckname, for the papers: the company with its legal form."
    )
    operator_address: str | None = Field(None, description="Its postal address.")
    operator_contact: str | None = Field(
        None, description="Its telephone number and e-mail address for data protection."
    )
    operator_representative: str | None = Field(
        None, description="Who represents it in law, e.g. its managing director."
    )
    operator_data_protection_officer: str | None = Field(
        None, description="Its data protection officer with contact, or that none is required."
    )
    operator_controllers: dict[str, str] | None = Field(
        None, description="By customer id: full name, address and contact of the controller. JSON."
    )
    operator_subprocessors: tuple[SubProcessorSettings, ...] | None = Field(
        None, description="Sub-processors that the program cannot see, `[]` if none. JSON."
    )
    operator_measures: dict[Measure, str] | None = Field(
        None,
        description="What is done about `premises`, `personnel`, `disks`, `transport`, `backups` "
        "and `incidents`. JSON.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments beat the environment, which beats `deckname.toml`, which beats what belongs to
        other programs, too."""
        return init_settings, env_settings, _Toml(settings_cls), _Amazon(settings_cls)

    @field_validator("time_zone")
    @classmethod
    def _require_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise PydanticCustomError(
                "time_zone", "no such time zone; one is Europe/Vienna"
            ) from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        """Whose clock letters and papers tell, and whose days a request's month has."""
        return ZoneInfo(self.time_zone)

    @property
    def home_folder(self) -> Path:
        """The data folder, absolute."""
        return self.home.expanduser().absolute()

    @property
    def keys_folder(self) -> Path:
        """The key folder, absolute; beside the data folder, never inside it."""
        if self.keys is not None:
            return self.keys.expanduser().absolute()
        return self.home_folder.with_name(self.home_folder.name + "-keys")

    @property
    def master_secrets(self) -> tuple[bytes | None, bytes | None]:
        """The bytes of `master_key` and `other_master_key`. Raises `ConfigurationError`."""
        return (
            _secret_bytes("MASTER_KEY", self.master_key),
            _secret_bytes("OTHER_MASTER_KEY", self.other_master_key),
        )

    @property
    def bucket(self) -> Bucket | None:
        """Where the blobs lie; None for the folder. Raises `ConfigurationError`."""
        if self.blobs is None:
            return None
        return bucket_of(self.blobs, self.s3_endpoint, self.s3_region, self._s3_credentials)

    @property
    def _s3_credentials(self) -> Credentials | None:
        if self.s3_access_key is None or self.s3_secret_key is None:
            return None
        token = None if self.s3_session_token is None else self.s3_session_token.get_secret_value()
        return Credentials(
            self.s3_access_key.get_secret_value(), self.s3_secret_key.get_secret_value(), token
        )

    @property
    def limits(self) -> RecordingLimits:
        """What recordings are accepted."""
        return RecordingLimits(max_bytes=self.max_upload_bytes, max_seconds=self.max_call_seconds)

    @property
    def keep_logs(self) -> timedelta:
        """How long log files are kept."""
        return timedelta(days=self.log_days)

    @property
    def keep_evidence(self) -> timedelta:
        """How long evidence is kept."""
        return evidence_period(self.evidence_years)

    @property
    def lease(self) -> timedelta:
        """How long a claim holds without renewal."""
        return timedelta(seconds=self.lease_seconds)


def _secret_bytes(name: str, secret: SecretStr | None) -> bytes | None:
    if secret is None:
        return None
    try:
        content = base64.b64decode(secret.get_secret_value(), validate=True)
    except ValueError:
        content = b""
    if len(content) < 32 or len(set(content)) < 8:
        raise ConfigurationError(
            f"DECKNAME_{name} is not 32 random bytes in base64: `deckname keys secret` makes them"
        )
    return content


def load_settings(**overrides: Any) -> Settings:
    """Read the settings. Raises `ConfigurationError` with one line that names the variable."""
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigurationError(f"DECKNAME_{name}: {first['msg']}") from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"deckname.toml cannot be read: {type(error).__name__}") from None
    _ = settings.master_secrets, settings.bucket
    if settings.keys_folder.is_relative_to(settings.home_folder):
        raise ConfigurationError(
            "DECKNAME_KEYS lies inside DECKNAME_HOME: keys must lie apart from data and backups"
        )
    return settings
