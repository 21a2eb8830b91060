"""Random weights that do the work of speech: as many tokens as there are seconds, for everybody."""

from __future__ import annotations

import io

import numpy as np
import pytest
from faster_whisper import BatchedInferencePipeline, decode_audio

from benchmarks.throughput.contenders import counting, whisper_of
from benchmarks.throughput.corpus import make_call
from benchmarks.throughput.synthetic import TOKENS_A_SECOND, Shape, synthetic_model
from pipeline.adapters.speech.faster_whisper_recogniser import FasterWhisperRecogniser
from pipeline.ports import SAMPLE_RATE

_SMALL = Shape(width=384, encoder_layers=2, decoder_layers=2, bands=80, vocabulary=51865)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return synthetic_model(_SMALL, tmp_path_factory.mktemp("models") / "synthetic")


@pytest.fixture(scope="module")
def recogniser(model):
    return FasterWhisperRecogniser(str(model), device="cpu", cpu_threads=1)


@pytest.fixture(scope="module")
def speech():
    """Both sides of a call on one track: somebody always speaks."""
    left, right = decode_audio(io.BytesIO(make_call(60.0, seed=1).wav), split_stereo=True)
    return left + right


@pytest.fixture(scope="module")
def heard(recogniser, speech):
    """By seconds of a window: its tokens and words."""
    found = {}
    for seconds in (4, 12, 28):
        row = recogniser.row(speech[: seconds * SAMPLE_RATE], "de")
        encoded = recogniser._model.encode(np.stack([row.features]))
        first = recogniser._ladder[0]
        decoded = recogniser._decoded(encoded, [row], recogniser._tokenizer("de"), first)
        found[seconds] = decoded[0], recogniser.recognise([row])[0]
    return found


def test_a_second_costs_a_fixed_number_of_tokens(heard) -> None:
    rates = {seconds: len(each.tokens) / seconds for seconds, (each, _) in heard.items()}
    assert all(rate == pytest.approx(TOKENS_A_SECOND, rel=0.25) for rate in rates.values()), rates


def test_nobody_decodes_a_second_time(heard) -> None:
    assert not any(each.doubtful or each.invented for each, _ in heard.values())


def test_words_are_spread_over_the_window(heard) -> None:
    for seconds, (_, words) in heard.items():
        starts = [word.start for word in words]
        assert starts == sorted(starts) and starts[0] < 1
        assert 0.7 * seconds < words[-1].end <= seconds


def test_is_of_the_size_that_was_asked_for(recogniser) -> None:
    model = whisper_of(recogniser)
    assert model.hf_tokenizer.get_vocab_size() == _SMALL.vocabulary
    assert model.model.n_mels == 80 and model.model.is_multilingual
    assert recogniser.knows("de") and recogniser.knows("en")


def test_unmodified_faster_whisper_says_as_much(recogniser, speech, heard) -> None:
    model = whisper_of(recogniser)
    window = speech[: 28 * SAMPLE_RATE]
    with counting(model) as encoded:
        segments, _ = BatchedInferencePipeline(model).transcribe(
            window, language="de", vad_filter=False, word_timestamps=True
        )
        tokens = [token for segment in segments for token in segment.tokens]
    assert (encoded.batches, encoded.windows, encoded.seconds) == (1, 1, 30)
    assert len(tokens) == pytest.approx(len(heard[28][0].tokens), rel=0.1)


def test_one_that_is_there_is_left_alone(model) -> None:
    before = (model / "model.bin").stat().st_mtime_ns
    assert synthetic_model(_SMALL, model) == model
    assert (model / "model.bin").stat().st_mtime_ns == before
