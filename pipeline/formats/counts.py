"""Numbers of things in English sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """`1 call`, `2 calls`; only for nouns that take a plain s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
