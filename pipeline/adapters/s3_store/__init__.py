"""Blobs in a bucket of an S3 server."""

from pipeline.adapters.s3_store.client import Answer, S3Client
from pipeline.adapters.s3_store.store import S3ObjectStore

__all__ = ["Answer", "S3Client", "S3ObjectStore"]
