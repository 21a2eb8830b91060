"""Calls, customers, consents, deletions and the audit log in a relational database (SQLite now,
PostgreSQL later)."""

from pipeline.adapters.database.audit_log import SqlAuditLog
from pipeline.adapters.database.call_repository import SqlCallRepository
from pipeline.adapters.database.deletions import SqlDeletionLog
from pipeline.adapters.database.engine import Database, open_database
from pipeline.adapters.database.register import SqlConsentRegister

__all__ = [
    "Database",
    "SqlAuditLog",
    "SqlCallRepository",
    "SqlConsentRegister",
    "SqlDeletionLog",
    "open_database",
]
