"""Brings the schema up to date with the migrations that ship inside the package."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from pipeline.adapters.database import postgresql
from pipeline.domain.errors import ConfigurationError, UpgradeDue

_LOCK_KEY = 0x6465636B  # any constant: the name of the advisory lock

_NEWER = "the database was made by a newer Deckname: install that one, or restore a backup"


def alembic_config(connection: Connection) -> Config:
    """What Alembic needs to work on `connection`; no ini file."""
    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade_schema(connection: Connection) -> None:
    """Upgrade inside the open transaction of `connection`. Raises `ConfigurationError` where a
    newer Deckname has been here."""
    postgresql.one_at_a_time(connection, _LOCK_KEY)
    config = alembic_config(connection)
    head = ScriptDirectory.from_config(config).get_current_head()
    if MigrationContext.configure(connection).get_current_revision() == head:
        return
    postgresql.check_owner(connection)
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise ConfigurationError(_NEWER) from None


def require_schema(connection: Connection) -> None:
    """Raises `UpgradeDue` where the schema is older than this Deckname's, `ConfigurationError`
    where a newer one has been here."""
    script = ScriptDirectory.from_config(alembic_config(connection))
    revision = MigrationContext.configure(connection).get_current_revision()
    head = script.get_current_head()
    if revision == head:
        return
    if revision is not None and all(each.revision != revision for each in script.walk_revisions()):
        raise ConfigurationError(_NEWER)
    if revision is None:
        raise UpgradeDue("the database has no tables yet: the next start makes them")
    raise UpgradeDue(
        f"the database has the schema {revision}, this Deckname {head}: the next start upgrades it;"
        " make a backup with the older Deckname first"
    )
