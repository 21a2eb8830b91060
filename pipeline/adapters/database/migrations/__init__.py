"""Alembic's environment. Migrations are run by `schema.upgrade_schema`, in-process."""
