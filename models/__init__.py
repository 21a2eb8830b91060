"""Speech and language models: which exist, where they are, how the bundled ones were made."""
