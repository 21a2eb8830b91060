"""The bundled speech model against its promises, in unmodified faster-whisper."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from faster_whisper import BatchedInferencePipeline, WhisperModel

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "speech"
FIXTURES = ROOT / "tests" / "fixtures" / "speech"
RATE = 16000
PLAIN = {"condition_on_previous_text": False, "beam_size": 5}


@pytest.fixture(scope="module")
def model():
    return WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=2)


@pytest.fixture(scope="module")
def spoken():
    manifest = json.loads((FIXTURES / "manifest.json").read_text(encoding="utf-8"))
    return [(entry, _wideband(FIXTURES / entry["file"])) for entry in manifest]


@pytest.fixture(scope="module")
def seen_error_rate(model, spoken):
    return _error_rate(_heard(model, spoken, seen=True))


@pytest.fixture(scope="module")
def unseen_error_rate(model, spoken):
    return _error_rate(_heard(model, spoken, seen=False))


def _wideband(path):
    """16 kHz float audio of an 8 kHz file (band-limited interpolation)."""
    audio, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE // 2
    spectrum = np.fft.rfft(audio)
    return (np.fft.irfft(spectrum, 2 * len(audio)) * 2).astype(np.float32)


def _words(text):
    return re.sub(r"[^\w']+", " ", text.lower()).split()


def _errors(reference, heard):
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        previous, row[0] = row[0], i
        for j, got in enumerate(heard, 1):
            substituted = previous + (expected != got)
            previous = row[j]
            row[j] = min(previous + 1, row[j - 1] + 1, substituted)
    return row[-1]


def _joined(segments):
    return "".join(segment.text for segment in segments)


def _error_rate(pairs):
    wrong = sum(_errors(_words(text), _words(heard)) for text, heard in pairs)
    return wrong / sum(len(_words(text)) for text, _ in pairs)


def _heard(model, spoken, **wanted):
    chosen = [(e, a) for e, a in spoken if all(e[k] == v for k, v in wanted.items())]
    assert chosen
    return [
        (e["text"], _joined(model.transcribe(a, language=e["lang"], **PLAIN)[0])) for e, a in chosen
    ]


def _call(spoken, seconds, lang):
    """Fixtures of one language again and again with pauses of up to two seconds."""
    rng = np.random.default_rng(3)
    chosen = [(e, a) for e, a in spoken if e["seen"] and e["lang"] == lang]
    pieces, texts, length = [], [], 0
    while length < seconds * RATE:
        entry, audio = chosen[rng.integers(len(chosen))]
        pause = np.zeros(int(rng.uniform(0.2, 2) * RATE), np.float32)
        pieces += [audio, pause]
        texts.append(entry["text"])
        length += len(audio) + len(pause)
    return np.concatenate(pieces), " ".join(texts)


def _line_noise(seconds):
    time = np.arange(seconds * RATE) / RATE
    hiss = np.random.default_rng(1).normal(0, 0.01, len(time))
    return hiss + 0.02 * np.sin(2 * np.pi * 50 * time) + 0.01 * np.sin(2 * np.pi * 150 * time)


def _ringing(seconds):
    time = np.arange(seconds * RATE) / RATE
    return 0.2 * np.sin(2 * np.pi * 425 * time) * (time % 5 < 1)


def _music(seconds):
    time = np.arange(seconds * RATE) / RATE
    step = (time / 0.4).astype(int)
    pitch = np.array([0, 4, 7, 12, 7, 4, 5, 9, 12, 9, 7, 2])[step % 12]
    frequency = 262 * 2 ** (pitch / 12)
    return 0.2 * np.sin(2 * np.pi * frequency * time) * np.exp(-(time % 0.4) * 4)


def test_is_small_and_complete():
    names = ("model.bin", "config.json", "vocabulary.json", "tokenizer.json")
    names += ("preprocessor_config.json",)
    assert sum((MODEL / name).stat().st_size for name in names) <= 25 * 2**20
    assert "DECKNAME_MODEL" in (MODEL / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_understands_voices_it_was_trained_on(seen_error_rate):
    assert seen_error_rate <= 0.08


def test_understands_voices_it_never_heard(unseen_error_rate):
    assert unseen_error_rate <= 0.25


def test_tells_german_from_english(model, spoken):
    long = [(e, a) for e, a in spoken if e["seen"] and len(_words(e["text"])) > 3]
    right = sum(model.detect_language(a)[0] == e["lang"] for e, a in long)
    assert right >= 0.95 * len(long)


@pytest.mark.parametrize("vad", [False, True])
@pytest.mark.parametrize("sound", [lambda s: np.zeros(s * RATE), _line_noise, _ringing, _music])
def test_hears_no_words_where_nobody_speaks(model, sound, vad):
    audio = sound(60).astype(np.float32)
    for language in ("de", "en"):
        segments, _ = model.transcribe(audio, language=language, vad_filter=vad, **PLAIN)
        assert _words(_joined(segments)) == []


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_long_call_does_not_loop(model, spoken, language):
    audio, text = _call(spoken, 20 * 60, language)
    segments, _ = model.transcribe(audio, language=language, vad_filter=True, **PLAIN)
    heard = _joined(segments)
    assert _error_rate([(text, heard)]) <= 0.25  # a loop loses far more than that
    assert abs(len(_words(heard)) - len(_words(text))) <= 0.1 * len(_words(text))


def test_transcribes_in_batches(model, spoken):
    audio, text = _call(spoken, 120, "de")
    batched = BatchedInferencePipeline(model)
    segments, _ = batched.transcribe(audio, language="de", batch_size=4)
    assert _error_rate([(text, _joined(segments))]) <= 0.2  # a lost chunk costs far more


def test_word_times_follow_the_speech(model, spoken):
    entry, audio = next((e, a) for e, a in spoken if e["seen"] and len(_words(e["text"])) > 8)
    shift = 3.0
    late = np.concatenate([np.zeros(int(shift * RATE), np.float32), audio])
    segments, _ = model.transcribe(
        late, language=entry["lang"], vad_filter=True, word_timestamps=True, **PLAIN
    )
    words = [word for segment in segments for word in segment.words]
    starts, ends = [w.start for w in words], [w.end for w in words]
    assert starts == sorted(starts)
    assert all(start <= end for start, end in zip(starts, ends, strict=True))
    assert abs(starts[0] - (shift + 0.25)) < 0.4
    assert abs(ends[-1] - (len(late) / RATE - 0.25)) < 0.5
