"""Sentences with the spoken forms in brackets: `unter [null eins] bitte`."""

from __future__ import annotations

import re

from pipeline.stages.spoken_forms import FormKind, read

_MARKED = re.compile(r"\[([^]]*)\]")


def marked(sentence: str) -> tuple[str, list[tuple[int, int]]]:
    """The sentence without its brackets, and what they held as offsets of that text."""
    text, spans, done = "", [], 0
    for match in _MARKED.finditer(sentence):
        text += sentence[done : match.start()]
        spans.append((len(text), len(text) + len(match[1])))
        text += match[1]
        done = match.end()
    return text + sentence[done:], spans


def assert_written(language: str, sentence: str, kind: FormKind, *written: str) -> None:
    """The marked parts, all of them and nothing else, are forms of `kind`; the written view has
    `written` in their place and maps each of these back to exactly what was said."""
    text, spans = marked(sentence)
    document = read(text, language)
    assert [(form.start, form.end, form.written) for form in document.forms] == [
        (*span, each) for span, each in zip(spans, written, strict=True)
    ]
    assert {form.kind for form in document.forms} <= {kind}
    replacements = iter(written)
    view = document.written()
    assert view.text == _MARKED.sub(lambda _: next(replacements), sentence)
    at = 0
    for span, each in zip(spans, written, strict=True):
        at = view.text.index(each, at)
        assert view.source(at, at + len(each)) == span
        at += len(each)


def assert_plain(language: str, text: str) -> None:
    """Nothing in `text` is a spoken form; its view is the text."""
    document = read(text, language)
    assert [text[form.start : form.end] for form in document.forms] == []
    assert document.written().text == text
    assert all(document.written().source(at, at + 1) == (at, at + 1) for at in range(len(text)))
