"""Deckname: from a call recording to a pseudonymised transcript.

The page to read first is `usecases/process_calls.py`.
"""
