"""The voices of the pool, how often each speaks, and which are kept from training."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from .espeak import Espeak, Speech

_COMMON = "f2 m3".split()  # noqa: SIM905
_VARIANTS = (  # noqa: SIM905
    "m1 m2 m4 m5 m6 m7 f1 f3 f4 klatt klatt2 klatt3 klatt4 Alex Alicia Annie Denis Diogo Gene "
    "Jacky Lee Marco Mario Michael Mike adam anika antonio aunty belinda benjamin boris caleb "
    "david ed edward gustave iven john linda marcelo max michel miguel norbert pablo paul pedro "
    "quincy rob robert sandro shelby steph steph2 travis victor zac"
).split()
#: the voices of the later stages; the others are only sprinkled in
MAIN = frozenset(
    f"{base}{variant}" for base in ("de", "en-us", "en-gb") for variant in ("", "+f2", "+m3")
)
#: never in the pool: they measure how the model fares with a voice it has not heard
HELD_OUT = {"de": ("de+f5", "de+Andrea"), "en": ("en-us+f5", "en-gb+Andrea", "flite:slt")}
_BASES = {"de": ("de",), "en": ("en-us", "en-us", "en-gb", "en-gb", "en-gb-x-rp", "en-gb-scotland")}
FLITE_SHARE = 0.24
_FLITE = ("kal", "kal16", "awb", "rms")


@dataclass(frozen=True)
class Delivery:
    """Who speaks and how: ``voice`` is an espeak-ng voice or ``flite:NAME``."""

    voice: str
    rate: int
    pitch: int
    pitch_range: int = 50


def draw(language: str, rng: Random, flite: float = FLITE_SHARE) -> Delivery:
    """A delivery for training: plain default voices often, everything else sometimes. Flite has few
    voices, so its pitch, which moves the whole spectrum, is varied widely."""
    if language == "en" and rng.random() < flite:
        voice = f"flite:{rng.choice(_FLITE)}"
        return Delivery(voice, rng.randint(135, 205), rng.randint(30, 95))
    kind = rng.random()
    base = rng.choice(_BASES[language])
    if kind < 0.4:
        voice = rng.choice(_BASES[language][:4])
    elif kind < 0.6:
        voice = f"{base}+{rng.choice(_COMMON)}"
    else:
        voice = f"{base}+{rng.choice(_VARIANTS)}"
    if rng.random() < 0.3:
        return Delivery(voice, 175, 50)
    return Delivery(voice, rng.randint(135, 205), rng.randint(25, 75), rng.randint(30, 70))


class Synthesiser:
    """Speaks with espeak-ng in process and with flite as a program."""

    def __init__(self) -> None:
        self._espeak = Espeak()

    def speak(self, text: str, how: Delivery) -> Speech:
        """Audio with marks; flite gives no marks."""
        if how.voice.startswith("flite:"):
            return _flite(text, how)
        return self._espeak.speak(text, how.voice, how.rate, how.pitch, how.pitch_range)


def _flite(text: str, how: Delivery) -> Speech:
    """Another pitch makes another throat: flite's few voices are played faster or slower."""
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        faster = 1 + (how.pitch - 50) / 100
        stretch = f"duration_stretch={175 / how.rate * faster:.2f}"
        voice = how.voice.removeprefix("flite:")
        command = ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        audio, rate = soundfile.read(path, dtype="float32")
    return Speech(np.asarray(audio, np.float32), round(rate * faster))
