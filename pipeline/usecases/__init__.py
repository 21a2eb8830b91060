"""What Deckname does, one verb a file."""
