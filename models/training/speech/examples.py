"""Makes the synthetic calls of ``examples/`` with their ground truth (JSON beside each)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from . import telephone
from .voices import Delivery, Synthesiser

_SCRIPT = Path(__file__).parent / "example_calls.txt"
_PII = re.compile(r"\[([A-Z_]+):([^\]]+)\]")
_PAUSE_SECONDS = 0.6
_LEVEL, _HISS = 0.5, 0.0008


@dataclass
class Call:
    """A script: deliveries by channel, and turns of (channel, text with marked PII)."""

    file: str
    language: str
    voices: dict[str, Delivery]
    turns: list[tuple[str, str]] = field(default_factory=list)


def read_script(path: Path = _SCRIPT) -> list[Call]:
    """Parse ``= FILE LANGUAGE channel=VOICE:RATE:PITCH …`` headers and ``channel: text`` lines."""
    calls: list[Call] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            file, language, *channels = line[2:].split()
            voices = {}
            for channel in channels:
                name, _, spec = channel.partition("=")
                voice, rate, pitch = spec.split(":")
                voices[name] = Delivery(voice, int(rate), int(pitch))
            calls.append(Call(file, language, voices))
        elif line:
            channel, _, text = line.partition(": ")
            calls[-1].turns.append((channel, text))
    return calls


def render(call: Call, speaker: Synthesiser) -> tuple[np.ndarray, dict[str, object]]:
    """``(samples, channels)`` at 8 kHz and the ground truth."""
    names = list(call.voices)
    pieces: list[tuple[int, int, np.ndarray]] = []
    turns, pii, at = [], [], _PAUSE_SECONDS
    for number, (channel, marked) in enumerate(call.turns):
        text = _PII.sub(r"\2", marked)
        speech = speaker.speak(text, call.voices[channel])
        audio = telephone.resample(speech.audio, speech.rate, telephone.PHONE_RATE, (250, 3600))
        audio *= _LEVEL / float(np.abs(audio).max())
        end = at + len(audio) / telephone.PHONE_RATE
        pieces.append((names.index(channel), round(at * telephone.PHONE_RATE), audio))
        turns.append(
            {"channel": channel, "start": round(at, 2), "end": round(end, 2), "text": text}
        )
        pii += [{"type": kind, "text": said, "turn": number} for kind, said in _PII.findall(marked)]
        at = end + _PAUSE_SECONDS
    mix = np.random.default_rng(1).normal(0, _HISS, (round(at * telephone.PHONE_RATE), len(names)))
    for column, start, audio in pieces:
        mix[start : start + len(audio), column] += audio
    truth = {
        "file": call.file,
        "language": call.language,
        "channels": names,
        "turns": turns,
        "pii": pii,
    }
    return mix.astype(np.float32), truth


def write_examples(folder: Path) -> None:
    """Write every call as mu-law WAV or Opus, each with ``NAME.json``."""
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    speaker = Synthesiser()
    for call in read_script():
        audio, truth = render(call, speaker)
        path = folder / call.file
        subtype = "OPUS" if path.suffix == ".ogg" else "ULAW"
        soundfile.write(path, audio, telephone.PHONE_RATE, subtype=subtype)
        text = json.dumps(truth, ensure_ascii=False, indent=1)
        path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
        print(f"{path.name}: {len(audio) / telephone.PHONE_RATE:.1f} s")
