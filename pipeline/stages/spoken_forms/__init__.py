"""Spoken forms: a second view of a text in which what was spoken is written, with a map back.

`null eins fünf zwei` → `0152`, `max punkt muster ät gmail punkt com` → `max.muster@gmail.com`,
`M wie Martha Ü L L E R` → `Müller`, `dritter achter fünfundachtzig` → `03.08.1985`.
"""

from pipeline.stages.spoken_forms.clean import clean
from pipeline.stages.spoken_forms.document import Document, Form, FormKind, read
from pipeline.stages.spoken_forms.textmap import TextMap
from pipeline.stages.spoken_forms.tokens import Token, TokenKind

__all__ = [
    "Document",
    "Form",
    "FormKind",
    "TextMap",
    "Token",
    "TokenKind",
    "clean",
    "read",
    "written_view",
]


def written_view(text: str, language: str) -> TextMap:
    """The written view of `text`; `language` is a code such as `de`; both rules where it is
    neither German nor English."""
    return read(text, language).written()
