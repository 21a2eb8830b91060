"""Recordings that say by their loudness what is heard in them, so that many calls can be recognised
in one batch and each still says its own."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import soundfile

from pipeline.domain.transcript import TimeSpan, Word
from pipeline.ports import Samples
from tests.scripted import ScriptedRecogniser, words_of

ASKED = "Dürfen wir die Aufnahme dieses Gesprächs zwanzig Tage lang speichern?"
GREETING = "Guten Tag, was kann ich für Sie tun?"
SPOKEN: dict[str, tuple[str, str, str]] = {
    "nothing": (GREETING, "Ich möchte einen Termin.", ""),
    "yes": (ASKED, "Ja, gerne.", ""),
    "no": (ASKED, "Nein, lieber nicht.", ""),
    "taken back": (ASKED, "Ja, gerne.", "Bitte löschen Sie die Aufnahme doch wieder."),
}
"""What the agent says, what the caller answers, and what the caller says later."""

_AGENTS = {GREETING: 0.04, ASKED: 0.10}
_CALLERS = dict(zip(SPOKEN, (0.25, 0.45, 0.65, 0.85), strict=True))


class SpokenCalls(ScriptedRecogniser):
    """Recogniser, speech detector and PII detector of those recordings."""

    def said(self, samples: Samples) -> Sequence[Word]:
        level = float(np.abs(samples).max())
        if level < 0.17:
            return words_of(_nearest(_AGENTS, level))
        _, answer, later = SPOKEN[_nearest(_CALLERS, level)]
        return (*words_of(answer, 2.0), *words_of(later, 4.5))

    def detect(self, *arguments: object) -> tuple[object, ...]:
        if len(arguments) == 1:
            return (TimeSpan(0.0, 10.0),)
        return tuple(() for _ in arguments[0])  # type: ignore[attr-defined]


def recording(said: str) -> bytes:
    """A stereo WAV of half a second, agent on the left. `broken`: its head alone."""
    if said == "broken":
        return recording("nothing")[:64]
    tone = np.sin(np.arange(4_000) / 5)
    levels = _AGENTS[SPOKEN[said][0]], _CALLERS[said]
    buffer = io.BytesIO()
    channels = np.stack([level * tone for level in levels], 1)
    soundfile.write(buffer, channels, 8_000, format="WAV")
    return buffer.getvalue()


RECORDINGS = {said: recording(said) for said in (*SPOKEN, "broken")}


def _nearest(levels: dict[str, float], level: float) -> str:
    return min(levels, key=lambda name: abs(levels[name] - level))
