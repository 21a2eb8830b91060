"""PII detection with Microsoft Presidio, taught to listen: see `engine`."""

from pipeline.adapters.presidio.engine import PresidioDetector
from pipeline.adapters.presidio.plugged import load_recognizers

__all__ = ["PresidioDetector", "load_recognizers"]
