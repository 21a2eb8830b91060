"""PII detection with Microsoft Presidio, taught to listen: see `engine`."""

from pipeline.adapters.presidio.engine import PresidioDetector

__all__ = ["PresidioDetector"]
