"""A report as Prometheus text, https://prometheus.io/docs/instrumenting/exposition_formats/."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from pipeline.usecases.verification.findings import Report

_FINDINGS = "deckname_verify_findings"
_OVERDUE = "deckname_verify_oldest_overdue_seconds"
_LOOKED = "deckname_verify_looked_at"
_WHEN = "deckname_verify_timestamp_seconds"


def as_metrics(report: Report, now: datetime) -> str:
    """For a textfile collector: findings by check (a 0 where there are none at all), how long the
    oldest overdue thing is overdue, what was looked at, and when."""
    by_check = Counter(finding.check for finding in report.findings) or {"none": 0}
    samples = [
        (
            _FINDINGS,
            "What should not be, by check.",
            [("check", *each) for each in by_check.items()],
        ),
        (
            _LOOKED,
            "Things looked at, by kind.",
            [("kind", *each) for each in report.looked_at.items()],
        ),
    ]
    lines = []
    for name, told, values in samples:
        lines += [f"# HELP {name} {told}", f"# TYPE {name} gauge"]
        lines += [f'{name}{{{label}="{value}"}} {count}' for label, value, count in sorted(values)]
    plain = (
        (_OVERDUE, "0 where nothing is overdue.", f"{report.oldest_overdue_seconds:.3f}"),
        (_WHEN, "When the verifier looked.", f"{now.timestamp():.3f}"),
    )
    for name, told, value in plain:
        lines += [f"# HELP {name} {told}", f"# TYPE {name} gauge", f"{name} {value}"]
    return "\n".join(lines) + "\n"
