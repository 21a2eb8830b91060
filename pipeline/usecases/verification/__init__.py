"""The parts of `verify_store`. They look for themselves: with plain SQL, with the file system and
with Redis commands, and share no code with what stores, seals or deletes."""
