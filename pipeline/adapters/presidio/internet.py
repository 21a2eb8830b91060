"""E-mail and web addresses, spoken and written, also in fragments after a question."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.adapters.presidio.reading import Finding, Reading, SpokenRecognizer
from pipeline.domain.privacy import EntityType
from pipeline.stages.spoken_forms import FormKind

_TYPES = {FormKind.EMAIL: EntityType.EMAIL_ADDRESS, FormKind.URL: EntityType.URL}


class InternetRecognizer(SpokenRecognizer):
    """What `spoken_forms` read as an address."""

    TYPES = (EntityType.EMAIL_ADDRESS, EntityType.URL)

    def find(self, reading: Reading) -> Iterator[Finding]:
        """Every address."""
        for form in reading.document.forms:
            if form.kind in _TYPES:
                yield Finding(form.start, form.end, _TYPES[form.kind], 0.95)
