"""The recogniser on the bundled model: how long its rows are, and who is decoded again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.adapters.speech import faster_whisper_recogniser as module
from pipeline.adapters.speech.faster_whisper_recogniser import FasterWhisperRecogniser
from pipeline.ports import SAMPLE_RATE, Row, Samples

SPEECH = Path(__file__).parents[1] / "fixtures" / "speech"
_FRAMES_A_SECOND = 100


@pytest.fixture(scope="module")
def recogniser() -> FasterWhisperRecogniser:
    return FasterWhisperRecogniser("bundled", device="cpu", cpu_threads=1)


def noise(seconds: float, seed: int = 0) -> Samples:
    drawn = np.random.default_rng(seed).standard_normal(int(seconds * SAMPLE_RATE))
    return (0.05 * drawn).astype(np.float32)


def spoken(name: str) -> Samples:
    """An 8 kHz recording at 16 kHz (band-limited)."""
    samples, rate = soundfile.read(SPEECH / name, dtype="float32")
    assert 2 * rate == SAMPLE_RATE
    return np.asarray(np.fft.irfft(np.fft.rfft(samples), 2 * len(samples)) * 2, np.float32)


@pytest.mark.parametrize(
    ("seconds", "heard"),
    [(0.2, 8.0), (1.0, 8.0), (7.5, 8.0), (7.6, 10.0), (9.5, 10.0), (12.0, 14.0), (29.9, 30.0)],
)
def test_a_row_is_as_long_as_what_the_model_was_trained_on(
    recogniser: FasterWhisperRecogniser, seconds: float, heard: float
) -> None:
    row = recogniser.row(noise(seconds), "de")
    assert row.features.shape[-1] == heard * _FRAMES_A_SECOND
    assert row.shape == ("de", heard * _FRAMES_A_SECOND)
    assert row.seconds == pytest.approx(seconds, abs=1e-4)


def test_a_model_of_long_windows_hears_thirty_seconds() -> None:
    whole = FasterWhisperRecogniser("bundled", device="cpu", cpu_threads=1, short_windows=False)
    assert whole.row(noise(1.0), "de").features.shape[-1] == 30 * _FRAMES_A_SECOND


def test_the_batch_is_as_large_as_it_was_planned() -> None:
    assert FasterWhisperRecogniser("bundled", "cpu", batch_size=3).windowing.batch == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("de-02.wav", "Ja."),
        ("de-07.wav", "Am Wochenende bin ich meistens unterwegs."),
        ("de-32.wav", "Hallo."),
        ("en-05.wav", "I will let you know as soon as I hear anything."),
    ],
)
def test_a_short_sentence_is_said_once(
    recogniser: FasterWhisperRecogniser, name: str, said: str
) -> None:
    """In a row that is shorter than 8 s the model finds no end and says these twice."""
    row = recogniser.row(spoken(name), name[:2])
    assert texts(recogniser.recognise([row])) == [said]


@dataclass
class Tries:
    """What each row is heard as on each rung, in the place of the model's decoder."""

    by_rung: list[list[Any]]
    asked: list[tuple[int, float]] = field(default_factory=list)

    def __call__(self, _: Any, rows: Sequence[Row], tokenizer: Any, how: Any) -> list[Any]:
        self.asked.append((len(rows), how.temperature))
        return self.by_rung[len(self.asked) - 1]


def heard(
    recogniser: FasterWhisperRecogniser,
    text: str,
    average: float = -0.2,
    silence: float = 0.0,
    compression: float = 1.0,
) -> Any:
    tokens = recogniser._tokenizer("de").encode(" " + text)
    return module._Heard(tokens, average, silence, compression)


def texts(found: Sequence[Any]) -> list[str]:
    return [" ".join(word.text for word in words) for words in found]


def test_only_what_fails_the_gates_is_decoded_again(
    recogniser: FasterWhisperRecogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(text: str, **measured: float) -> Any:
        return heard(recogniser, text, **measured)

    tries = Tries(
        [
            [
                said("gut"),
                said("rate", average=-1.5),
                said("Dank " * 9),
                said("lang", compression=3.0),
            ],
            [said("rate nun", average=-1.2), said("Dank"), said("lang", compression=2.9)],
            [said("raten", average=-0.9), said("lang", compression=2.5)],
            [said("länger", compression=1.5)],
        ]
    )
    monkeypatch.setattr(recogniser, "_decoded", tries)
    rows = [recogniser.row(noise(2.0, seed), "de") for seed in range(4)]
    assert texts(recogniser.recognise(rows)) == ["gut", "raten", "Dank", "länger"]
    assert tries.asked == [(4, 0.0), (3, 0.0), (2, 0.4), (1, 0.8)]


def test_the_best_of_all_tries_counts_and_what_is_invented_is_dropped(
    recogniser: FasterWhisperRecogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(text: str, average: float, **measured: float) -> Any:
        return heard(recogniser, text, average=average, **measured)

    tries = Tries(
        [
            [said("erster", -1.4), said("Dank " * 40, -0.1, compression=9.0)],
            [said("zweiter", -1.2), said("Dank " * 7, -0.3, silence=0.9)],
            [said("dritter", -1.9), said("Dank " * 8, -0.2, silence=0.9)],
            [said("vierter", -3.0), said("Dank " * 9, -0.4, silence=0.9)],
        ]
    )
    monkeypatch.setattr(recogniser, "_decoded", tries)
    rows = [recogniser.row(noise(2.0, seed), "de") for seed in range(2)]
    assert texts(recogniser.recognise(rows)) == ["zweiter", ""]
    assert len(tries.asked) == 4


def test_words_given_to_silence_are_dropped_without_another_try(
    recogniser: FasterWhisperRecogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = Tries([[heard(recogniser, "Untertitel", average=-1.3, silence=0.8)]])
    monkeypatch.setattr(recogniser, "_decoded", tries)
    assert texts(recogniser.recognise([recogniser.row(noise(2.0), "de")])) == [""]
    assert len(tries.asked) == 1


def test_the_model_takes_every_rung(
    recogniser: FasterWhisperRecogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module._Heard, "doubtful", True)
    monkeypatch.setattr(module._Heard, "invented", False)
    row = recogniser.row(spoken("de-06.wav"), "de")
    asked = []
    decoded = recogniser._decoded

    def counted(*arguments: Any) -> list[Any]:
        asked.append(arguments[-1].temperature)
        return decoded(*arguments)

    monkeypatch.setattr(recogniser, "_decoded", counted)
    first, second = recogniser.recognise([row, row])
    assert asked == [0.0, 0.0, 0.4, 0.8] and first and second
