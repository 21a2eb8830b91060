"""Log files: one a day, JSON lines without content, gone after a week."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.adapters.log_folder import DailyFile, FileLogFolder, log_to_files
from pipeline.domain.deletion_concept import LOG_DAYS, MOST_LOG_DAYS
from pipeline.domain.errors import ConfigurationError
from pipeline.logging import bound, configure_logging, log_event
from pipeline.settings import Settings, load_settings

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)
log = logging.getLogger("pipeline.somewhere")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs"


@pytest.fixture
def stderr(logs: Path) -> Iterator[io.StringIO]:
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    stream = io.StringIO()
    configure_logging(load_settings(), stream)
    log_to_files(logs, "worker")
    yield stream
    logging.captureWarnings(False)
    logging.raiseExceptions = True
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
    for handler in logging.getLogger().handlers:
        if isinstance(handler, DailyFile):
            handler.close()


def lines(folder: Path) -> list[dict[str, object]]:
    text = "".join(path.read_text() for path in sorted(folder.iterdir()))
    return [json.loads(line) for line in text.splitlines()]


def record(moment: datetime, event: str = "chore_done") -> logging.LogRecord:
    made = logging.LogRecord("pipeline.x", logging.INFO, "x.py", 1, event, (), None)
    made.created = moment.timestamp()
    made.event, made.facts = event, {}
    return made


def test_events_are_json_lines_and_stay_on_standard_error(logs: Path, stderr: io.StringIO) -> None:
    with bound(call_id="call_1"):
        log_event(log, "call_stored", seconds=1.25, count=3)
    [line] = lines(logs)
    moment = datetime.fromisoformat(str(line.pop("at")))
    assert line == {
        "level": "INFO", "event": "call_stored", "call_id": "call_1", "count": 3, "seconds": 1.25,
    }  # fmt: skip
    [file] = logs.iterdir()
    assert file.name == f"worker-{moment:%Y-%m-%d}.jsonl"
    assert "INFO call_stored call_id=call_1 count=3 seconds=1.250" in stderr.getvalue()


def test_nothing_that_is_no_event_gets_into_a_file(logs: Path, stderr: io.StringIO) -> None:
    log.info("Frau Quarzsand sagte %s", "hallo")
    logging.getLogger("library").warning("Frau Quarzsand")
    logging.getLogger("library").info("Frau Quarzsand")
    log_event(log, "child_ended", reason="Frau Quarzsand")
    try:
        raise ValueError("Frau Quarzsand")
    except ValueError:
        log.exception("chore_broke", extra={"job": "reap_orphans"})
    found = lines(logs)
    assert [line["event"] for line in found] == [
        "message_withheld", "message_withheld", "child_ended", "chore_broke",
    ]  # fmt: skip
    assert found[2]["reason"] == "?"
    assert (found[3]["error"], found[3]["job"]) == ("ValueError", "reap_orphans")
    assert "Quarzsand" not in json.dumps(found) + stderr.getvalue()


def test_files_and_folder_are_for_their_owner_only(logs: Path, stderr: io.StringIO) -> None:
    log_event(log, "chore_done")
    [file] = logs.iterdir()
    assert (logs.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_each_day_has_its_file_and_a_restart_goes_on_in_it(logs: Path) -> None:
    handler = DailyFile(logs, "api")
    for moment in (NOON, NOON + DAY / 2 - timedelta(seconds=1), NOON + DAY / 2):
        handler.handle(record(moment))
    handler.close()
    handler = DailyFile(logs, "api")
    handler.handle(record(NOON + DAY))
    handler.close()
    handler.close()
    assert [len(path.read_text().splitlines()) for path in sorted(logs.iterdir())] == [2, 2]
    assert [path.name for path in sorted(logs.iterdir())] == [
        "api-2026-01-31.jsonl", "api-2026-02-01.jsonl",
    ]  # fmt: skip


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    missing = tmp_path / "no home yet"
    handler = DailyFile(missing / "logs", "api")
    handler.handle(record(NOON))
    assert not missing.exists()
    missing.mkdir()
    handler.handle(record(NOON))
    handler.close()
    assert [path.name for path in (missing / "logs").iterdir()] == ["api-2026-01-31.jsonl"]


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path, logs: Path) -> None:
    logs.mkdir()
    (logs / "api-2026-01-31.jsonl").symlink_to(tmp_path / "elsewhere")
    handler = DailyFile(logs, "api")
    handler.handle(record(NOON))
    handler.close()
    assert not (tmp_path / "elsewhere").exists()


class TestDropOld:
    def drop(self, home: Path, keep: int = 7, now: datetime = NOON) -> int:
        return FileLogFolder(home).drop_old(now, keep * DAY)

    def names(self, logs: Path) -> set[str]:
        return {path.name for path in logs.iterdir()}

    def test_the_name_says_how_old_it_is_whenever_it_was_changed(
        self, tmp_path: Path, logs: Path
    ) -> None:
        logs.mkdir()
        for days in range(10):
            (logs / f"worker-{NOON - days * DAY:%Y-%m-%d}.jsonl").touch()
        assert self.drop(tmp_path) == 3
        assert min(self.names(logs)) == "worker-2026-01-25.jsonl"
        assert len(self.names(logs)) == 7
        assert self.drop(tmp_path) == 0
        assert self.drop(tmp_path, keep=1) == 6
        assert self.names(logs) == {"worker-2026-01-31.jsonl"}

    def test_after_a_month_switched_off_all_are_gone(self, tmp_path: Path, logs: Path) -> None:
        logs.mkdir()
        (logs / "worker-2026-01-31.jsonl").touch()
        assert self.drop(tmp_path, now=NOON + 31 * DAY) == 1

    def test_days_to_come_are_of_a_wrong_clock(self, tmp_path: Path, logs: Path) -> None:
        logs.mkdir()
        (logs / "api-2026-02-01.jsonl").touch()
        (logs / "api-2026-02-02.jsonl").touch()
        assert self.drop(tmp_path) == 1
        assert self.names(logs) == {"api-2026-02-01.jsonl"}

    def test_files_of_other_names_go_by_their_last_change(self, tmp_path: Path, logs: Path) -> None:
        logs.mkdir()
        for name, age in (("old.gz", 8), ("api-2026-99-99.jsonl", 8), ("young.gz", 1)):
            (logs / name).touch()
            moment = (NOON - age * DAY).timestamp()
            os.utime(logs / name, (moment, moment))
        (logs / "folder").mkdir()
        (logs / "link").symlink_to(tmp_path / "nowhere")
        assert self.drop(tmp_path) == 2
        assert self.names(logs) == {"young.gz", "folder", "link"}

    def test_without_logs_there_is_nothing_to_do(self, tmp_path: Path) -> None:
        assert self.drop(tmp_path) == 0

    @pytest.mark.parametrize(("day", "dropped"), [("25 Jan 2026", 0), ("24 Jan 2026", 1)])
    def test_the_log_of_the_embedded_redis_goes_by_its_first_line(
        self, tmp_path: Path, day: str, dropped: int
    ) -> None:
        server_log = tmp_path / "redis" / "server.log"
        server_log.parent.mkdir()
        server_log.write_text(f"77:C {day} 23:59:59.000 * starts\n77:M 31 Jan 2026 * now\n")
        assert self.drop(tmp_path) == dropped
        assert server_log.exists() is not bool(dropped)

    def test_one_without_a_stamp_goes_by_its_last_change(self, tmp_path: Path) -> None:
        server_log = tmp_path / "redis" / "server.log"
        server_log.parent.mkdir()
        server_log.write_text("no stamp\n")
        os.utime(server_log, (NOON.timestamp(), NOON.timestamp()))
        assert self.drop(tmp_path) == 0
        assert self.drop(tmp_path, now=NOON + 7 * DAY) == 1


def test_a_week_is_the_default_and_two_the_most() -> None:
    assert load_settings().keep_logs == LOG_DAYS
    assert load_settings(log_days=14).keep_logs == MOST_LOG_DAYS
    for days in (0, 15):
        with pytest.raises(ConfigurationError, match="DECKNAME_LOG_DAYS"):
            load_settings(log_days=days)
    assert Settings.model_fields["log_days"].default == 7
