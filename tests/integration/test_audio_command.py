"""`deckname audio` on a real store with a real recording; the words' times are scripted."""

from __future__ import annotations

import errno
import io
import logging
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.adapters.audio import decoders
from pipeline.bootstrap import bootstrap
from pipeline.cli import main
from pipeline.domain.call import Call, Intake, Outcome
from pipeline.domain.consent import ConsentClaim, Purpose
from pipeline.domain.errors import KeyDestroyed
from pipeline.domain.ids import CustomerId
from pipeline.domain.privacy import EntityType, PiiSpan
from pipeline.domain.recording import RecordingLimits
from pipeline.domain.transcript import Segment, Speaker, VerbatimTranscript, Word
from pipeline.settings import load_settings
from pipeline.stages.decode import decode
from pipeline.stages.redact import redact, to_json, vault_to_json
from pipeline.usecases.submit_call import submit_call

EXAMPLE = Path(__file__).parents[2] / "examples" / "rueckruf-einwilligung.wav"
SAID = ("Hier", "ist", "Thomas", "Lindner")
HIDDEN = (7.3, 8.3)
ACME = CustomerId("acme")

Deckname = Callable[..., tuple[int, bytes, str]]


@pytest.fixture
def deckname(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Deckname]:
    """Runs a command: status, bytes on standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DECKNAME_HOME", str(tmp_path / "home"))
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, sys.unraisablehook)

    def run(*arguments: str) -> tuple[int, bytes, str]:
        capsysbinary.readouterr()
        status = main(arguments)
        said = capsysbinary.readouterr()
        return status, said.out, said.err.decode()

    assert run("customers", "add", "acme")[0] == 0
    yield run
    root.handlers[:], level, sys.excepthook, sys.unraisablehook = before
    root.setLevel(level)
    logging.captureWarnings(False)


def stored(kept: bool = True) -> Call:
    """The example, as a worker would have left it: the last two words are one name."""
    deck, audio = bootstrap(load_settings()), EXAMPLE.read_bytes()
    consents = (ConsentClaim(Purpose.AUDIO_RETENTION, timedelta(days=30)),) if kept else ()
    call = submit_call(Intake(ACME, consents=consents), [audio], deck)
    (claim,) = deck.calls.claim([call.id], "w", deck.clock.now(), deck.policy.lease)
    duration = decode(audio, decoders(), RecordingLimits()).duration
    times = ((6.5, 6.9), (6.9, 7.2), (HIDDEN[0] + 0.25, 7.8), (7.8, HIDDEN[1] - 0.25))
    text, words = "", []
    for word, (start, end) in zip(SAID, times, strict=True):
        words.append(Word(start, end, 0.9, len(text), word))
        text += word + " "
    segment = Segment(Speaker.CALLER, 6.5, 8.05, text.strip(), tuple(words))
    verbatim = VerbatimTranscript("de", duration, (segment,))
    redacted, vault = redact(verbatim, ((PiiSpan(9, 23, EntityType.PERSON, 0.9),),))
    owner, seal = deck.calls.customer(ACME), deck.transcripts.seal
    until = deck.clock.now() + timedelta(days=30)
    key = deck.calls.recording(call.id)
    outcome = Outcome(
        "de",
        duration,
        seal(owner, call.id, "transcript", to_json(redacted)),
        seal(owner, call.id, "vault", vault_to_json(vault)),
        (("PERSON", 1),),
        deck.recordings.retain(call.id, key, until) if kept else None,  # type: ignore[arg-type]
    )
    return deck.calls.complete(claim, outcome, deck.clock.now())


def heard(file: Path | bytes) -> np.ndarray:
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    frames, rate = soundfile.read(source, dtype="float32", always_2d=True)
    assert rate == 16_000
    return frames.T


def truth() -> np.ndarray:
    return np.stack(decode(EXAMPLE.read_bytes(), decoders(), RecordingLimits()).channels)


def audited() -> int:
    home = load_settings().home_folder
    return sum(file.read_bytes().count(b"audio_released") for file in home.glob("deckname.db*"))


@pytest.mark.parametrize("mode", ["", "--tone", "--mute"])
def test_the_name_is_gone_and_all_else_is_there(
    deckname: Deckname, tmp_path: Path, mode: str
) -> None:
    target = tmp_path / "out.wav"
    options = [mode] if mode else []
    assert deckname("audio", stored().id, "--output", str(target), *options) == (0, b"", "")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    made, real = heard(target), truth()
    assert made.shape == real.shape and made.shape[0] == 2
    start, end = (round(at * 16_000) for at in HIDDEN)
    for ours, theirs in zip(made, real, strict=True):
        rest = np.abs(ours - theirs)
        rest[start - 1 : end + 1] = 0
        assert rest.max() < 2**-14
        gone = ours[start + 1 : end - 1]
        spectrum = np.abs(np.fft.rfft(gone)) ** 2
        if mode == "--mute":
            assert not gone.any()
        else:
            loudest = np.argmax(spectrum) * 16_000 / len(gone)
            assert loudest == pytest.approx(1_000, abs=2)
            # Nothing of the voice below the tone: most of a voice lies under 700 Hz.
            assert spectrum[: round(700 * len(gone) / 16_000)].sum() < 0.001 * spectrum.sum()
    assert np.abs(truth()[1, start:end]).max() > 0.05  # there was a voice
    assert audited() == 1


def test_the_original_is_the_file_that_was_pushed(deckname: Deckname, tmp_path: Path) -> None:
    call = stored()
    target = tmp_path / "out.wav"
    assert deckname("audio", call.id, "--output", str(target), "--original")[0] == 0
    assert target.read_bytes() == EXAMPLE.read_bytes()
    assert audited() == 1


def test_a_dash_is_standard_output(deckname: Deckname, tmp_path: Path) -> None:
    status, out, err = deckname("audio", stored().id, "--output", "-")
    assert (status, err) == (0, "") and heard(out).shape == truth().shape
    assert not (tmp_path / "-").exists()


def test_nothing_is_overwritten_unless_forced(deckname: Deckname, tmp_path: Path) -> None:
    call, target = stored(), tmp_path / "out.wav"
    target.write_bytes(b"precious")
    target.chmod(0o644)
    status, out, err = deckname("audio", call.id, "--output", str(target))
    assert (status, out) == (2, b"") and "--force" in err and "out.wav" not in err
    assert target.read_bytes() == b"precious" and audited() == 0
    assert deckname("audio", call.id, "--output", str(target), "--force")[0] == 0
    assert heard(target).shape == truth().shape
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "arguments",
    [
        ("--output", "."),
        ("--output", "/dev/null", "--force"),
        ("--output", "nowhere/out.wav"),
        ("--output", "out.wav", "--mute", "--tone"),
        ("--output", "out.wav", "--mute", "--original"),
        (),
    ],
    ids=" ".join,
)
def test_usage_errors_are_one_line_before_anything_is_opened(
    deckname: Deckname, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    status, out, err = deckname("audio", stored().id, *arguments)
    assert (status, out, err.count("\n")) == (2, b"", 1) and err.startswith("deckname: ")
    assert audited() == 0 and not (tmp_path / "out.wav").exists()


def test_a_full_disk_is_one_line(deckname: Deckname, monkeypatch: pytest.MonkeyPatch) -> None:
    call = stored()

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "out.wav")

    monkeypatch.setattr("os.fchmod", full)
    status, out, err = deckname("audio", call.id, "--output", "out.wav")
    assert (status, out) == (2, b"") and "No space left" in err and "out.wav" not in err


def test_a_terminal_hears_nothing(deckname: Deckname, monkeypatch: pytest.MonkeyPatch) -> None:
    call = stored()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    status, out, _ = deckname("audio", call.id, "--output", "-")
    assert (status, out, audited()) == (2, b"", 0)


def test_a_destroyed_voice_is_one_line_and_1(deckname: Deckname, tmp_path: Path) -> None:
    call = stored(kept=False)
    status, out, err = deckname("audio", call.id, "--output", "out.wav")
    assert (status, out, err.count("\n")) == (1, b"", 1) and "destroyed" in err
    assert not (tmp_path / "out.wav").exists() and audited() == 0
    deck = bootstrap(load_settings())
    with pytest.raises(KeyDestroyed):
        deck.calls.recording(call.id)


def test_a_call_that_waits_is_one_line_and_1(deckname: Deckname) -> None:
    call = submit_call(Intake(ACME), [EXAMPLE.read_bytes()], bootstrap(load_settings()))
    status, _, err = deckname("audio", call.id, "--output", "out.wav")
    assert (status, err.count("\n")) == (1, 1) and "still received" in err
    assert deckname("audio", "Martina.wav", "--output", "out.wav")[0] == 2
