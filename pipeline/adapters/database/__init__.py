"""Calls, customers and the audit log in a relational database (SQLite now, PostgreSQL later)."""

from pipeline.adapters.database.audit_log import SqlAuditLog
from pipeline.adapters.database.call_repository import SqlCallRepository
from pipeline.adapters.database.engine import Database, open_database

__all__ = ["Database", "SqlAuditLog", "SqlCallRepository", "open_database"]
