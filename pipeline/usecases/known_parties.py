"""What a push brings along, at rest: known parties and the agent's text, sealed like a vault."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.domain.agent_text import AgentTurn
from pipeline.domain.privacy import EntityType, KnownParty


@dataclass(frozen=True, slots=True)
class Brought:
    """What is of use until the transcript is stored, and no longer."""

    known: tuple[KnownParty, ...] = field(repr=False, default=())
    agent: tuple[AgentTurn, ...] = field(repr=False, default=())


def brought_to_json(known: Sequence[KnownParty], agent: Sequence[AgentTurn] = ()) -> bytes:
    """The bytes to seal. Without a text of the agent they are what earlier versions wrote."""
    parties = [[party.type.value, party.value] for party in known]
    if not agent:
        return json.dumps(parties).encode()
    turns = [[turn.text, turn.start, turn.end] for turn in agent]
    return json.dumps({"known": parties, "agent": turns}).encode()


def open_brought(content: bytes) -> Brought:
    """What is in opened bytes."""
    read = json.loads(content)
    if isinstance(read, list):
        read = {"known": read, "agent": []}
    return Brought(
        tuple(KnownParty(EntityType(kind), value) for kind, value in read["known"]),
        tuple(AgentTurn(text, start, end) for text, start, end in read["agent"]),
    )
