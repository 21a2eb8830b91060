"""espeak-ng in process: audio together with the exact times of words and phonemes.

The C library reports where each word and phoneme starts while it speaks, which the
command-line program does not. One process holds one instance of it (it is not re-entrant).
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_SYNCHRONOUS = 2
_PHONEME_EVENTS = 0x0001
_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_TERMINATED, _WORD, _PHONEME = 0, 1, 7
#: languages whose voice file has another name
_FILES = {
    "en-gb": "gmw/en",
    "en-us": "gmw/en-US",
    "en-gb-x-rp": "gmw/en-GB-x-rp",
    "en-gb-scotland": "gmw/en-GB-scotland",
}


class _Name(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("string", ctypes.c_char * 8), ("name", ctypes.c_char_p)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Name),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass
class Speech:
    """Audio (float32, -1 to 1) and marks: words (second, character), phonemes (second, name)."""

    audio: np.ndarray
    rate: int
    words: list[tuple[float, int]] = field(default_factory=list)
    phonemes: list[tuple[float, str]] = field(default_factory=list)


class Espeak:
    """The one instance of the C library in this process."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self._lib.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng could not start: install libespeak-ng1")
        self._callback = _Callback(self._receive)  # kept: C holds only a pointer to it
        self._lib.espeak_SetSynthCallback(self._callback)
        self._audio: list[np.ndarray] = []
        self._words: list[tuple[float, int]] = []
        self._phonemes: list[tuple[float, str]] = []

    def _receive(self, wav: Any, count: int, events: Any) -> int:
        if wav and count > 0:
            self._audio.append(np.ctypeslib.as_array(wav, (count,)).copy())
        index = 0
        while events[index].type != _TERMINATED:
            event = events[index]
            if event.type == _WORD:
                self._words.append((event.sample / self.rate, event.text_position - 1))
            elif event.type == _PHONEME:
                name = event.id.string.decode("utf-8", "replace")
                self._phonemes.append((event.sample / self.rate, name))
            index += 1
        return 0

    def speak(self, text: str, voice: str, rate: int, pitch: int, pitch_range: int = 50) -> Speech:
        """Speak ``text``; ``rate`` in words a minute, ``pitch`` and ``pitch_range`` 0 to 100."""
        self._audio, self._words, self._phonemes = [], [], []
        base, plus, variant = voice.partition("+")
        name = _FILES.get(base, base) + plus + variant
        if self._lib.espeak_SetVoiceByName(name.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._lib.espeak_SetParameter(parameter, value, 0)
        raw = text.encode() + b"\0"
        self._lib.espeak_Synth(raw, len(raw), 0, 0, 0, _UTF8, None, None)
        self._lib.espeak_Synchronize()
        audio = np.concatenate(self._audio) if self._audio else np.zeros(0, np.int16)
        return Speech(audio.astype(np.float32) / 32768, self.rate, self._words, self._phonemes)
