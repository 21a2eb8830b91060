"""Training of the PII tagger: hand-written frames with random values, and human-written text."""
