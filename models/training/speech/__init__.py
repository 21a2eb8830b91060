"""Training of the bundled speech model: texts, voices, pool, network, stages, export."""
