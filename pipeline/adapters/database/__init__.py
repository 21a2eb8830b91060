"""Calls, customers, consents, deletions and the audit log in a relational database (SQLite or
PostgreSQL)."""

from pipeline.adapters.database.audit_log import SqlAuditLog
from pipeline.adapters.database.call_repository import SqlCallRepository
from pipeline.adapters.database.census import SqlStoreCensus
from pipeline.adapters.database.copies import PostgresqlCopies
from pipeline.adapters.database.deletions import SqlDeletionLog
from pipeline.adapters.database.engine import Database, describe_server, open_database
from pipeline.adapters.database.evidence import SqlEvidence
from pipeline.adapters.database.holds import SqlLegalHolds
from pipeline.adapters.database.leases import SqlLeaderLease, SqlWatermarks
from pipeline.adapters.database.register import SqlConsentRegister
from pipeline.adapters.database.replay import SqlLedgerReplay
from pipeline.adapters.database.rights_requests import SqlRightsRequests
from pipeline.adapters.database.store_mark import SqlStoreMark
from pipeline.adapters.database.subject_index import SqlSubjectIndex

__all__ = [
    "Database",
    "PostgresqlCopies",
    "SqlAuditLog",
    "SqlCallRepository",
    "SqlConsentRegister",
    "SqlDeletionLog",
    "SqlEvidence",
    "SqlLeaderLease",
    "SqlLedgerReplay",
    "SqlLegalHolds",
    "SqlRightsRequests",
    "SqlStoreCensus",
    "SqlStoreMark",
    "SqlSubjectIndex",
    "SqlWatermarks",
    "describe_server",
    "open_database",
]
