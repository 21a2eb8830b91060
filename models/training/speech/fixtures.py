"""Speaks kept-aside sentences for the tests: short 8 kHz mu-law files and a manifest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from . import telephone, voices

_HERE = Path(__file__).parent
_SEEN = {"de": ("de", "de+f2", "de", "de+m3"), "en": ("en-us", "en-gb", "en-us+f2", "en-us")}
_UNSEEN = {"de": ("de+f5", "de+Andrea"), "en": ("en-us+f5", "flite:slt")}
#: sentences of each language for voices heard and not heard in training
_COUNTS = {"de": (24, 9), "en": (16, 7)}
_RATES = (165, 175, 155)


def _chosen(language: str) -> list[str]:
    """Sentences spread evenly over the kept-aside list."""
    path = _HERE / f"heldout_{language}.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    wanted = sum(_COUNTS[language])
    return [lines[i * len(lines) // wanted] for i in range(wanted)]


def _spoken(speaker: voices.Synthesiser, text: str, how: voices.Delivery) -> np.ndarray:
    speech = speaker.speak(text, how)
    audio = telephone.resample(speech.audio, speech.rate, telephone.PHONE_RATE, (200, 3600))
    rest = np.zeros(telephone.PHONE_RATE // 4, np.float32)
    return np.concatenate([rest, audio * 0.5 / np.abs(audio).max(), rest])


def write_fixtures(folder: Path) -> None:
    """Write the files and ``manifest.json`` (file, text, lang, voice, seen)."""
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    speaker, manifest = voices.Synthesiser(), []
    for language, (seen, _) in _COUNTS.items():
        texts = _chosen(language)
        texts = [text for step in range(3) for text in texts[step::3]]  # both parts spread alike
        for i, text in enumerate(texts):
            names = _SEEN[language] if i < seen else _UNSEEN[language]
            how = voices.Delivery(names[i % len(names)], _RATES[i % len(_RATES)], 50)
            name = f"{language}-{i:02d}.wav"
            audio = _spoken(speaker, text, how)
            soundfile.write(folder / name, audio, telephone.PHONE_RATE, subtype="ULAW")
            manifest.append(
                {"file": name, "text": text, "lang": language, "voice": how.voice, "seen": i < seen}
            )
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
