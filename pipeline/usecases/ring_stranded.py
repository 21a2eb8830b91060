"""Ring again for calls that nobody works on: their doorbell was lost, or their worker died."""

from __future__ import annotations

from pipeline.usecases.deck import Deck


def ring_stranded(deck: Deck) -> int:
    """Ring for every stranded call; how many there were. Many may do so at once: ringing twice is
    harmless, and only one worker gets the claim. Raises `ServiceUnavailable`."""
    stranded = deck.calls.stranded(deck.clock.now(), deck.policy.ring_after)
    for call_id in stranded:
        deck.queue.ring(call_id)
    return len(stranded)
