"""What measures Deckname. Every figure is a ratio of two runs on the same machine."""
