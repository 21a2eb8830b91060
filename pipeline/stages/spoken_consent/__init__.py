"""Whether somebody asked for consent in a call, and what the other side said. German and English,
as speech recognisers write it. Fails closed: only a question with a clear yes is consent."""

from pipeline.stages.spoken_consent.conversation import Answer, Spoken, spoken_consent

__all__ = ["Answer", "Spoken", "spoken_consent"]
