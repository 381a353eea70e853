"""What a pairing is, and what pairings have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from random import Random
from typing import Protocol

from clearway.base.units import Ratio
from clearway.pairing.partners import Member, Partners
from clearway.probe.records import Pair

Rounds = list[list[Pair]]


class PairingRequest(Protocol):
    """What a pairing reads of a test."""

    @property
    def name(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def pairs(self) -> int | None: ...
    @property
    def server(self) -> str | None: ...
    @property
    def sample(self) -> Ratio | None: ...


class End(IntEnum):
    """Place in a pair."""

    SENDER = 0
    RECEIVER = 1


def no_leftovers(request: PairingRequest, rounds: Rounds) -> list[Pair]:
    return []


@dataclass(frozen=True, slots=True)
class Pairing:
    """One way to choose pairs: one file here, one row in `pairing/table.py`."""

    name: str
    rounds: Callable[[PairingRequest, Partners, Random], Rounds]
    """Rounds of (sender, receiver). Raises UsageError for what these partners can't give."""
    fields: tuple[str, ...]
    """Fields of a test that mean nothing with some other pairings, as they are written."""
    needs: tuple[str, ...] = ()
    """Those of them that a test can't do without."""
    summed_at: End = End.SENDER
    """The end whose node a criterion `per node` sums over."""
    leftovers: Callable[[PairingRequest, Rounds], list[Pair]] = no_leftovers
    """Pairs that meet while fewer others send."""
    node_claim: str = "claim.nodes"
    """Wording of what a criterion `per node` is about."""
    at_once: str = "condition.at-once"
    """Wording of who else measures at the same time."""

    @property
    def directed(self) -> bool:
        """Whether a test chooses one direction or both."""
        return "direction" in self.fields

    def node_of(self, pair: Pair) -> str:
        """The node that the pair's value counts for, `per node`."""
        return pair[self.summed_at].node


def lanes(sender: Member, receiver: Member, partners: Partners) -> Iterator[Pair]:
    """Worker by worker: the first of one with the first of the other, and so on."""
    if partners.allowed(sender[0], receiver[0]):
        yield from zip(sender, receiver, strict=True)


def directed(request: PairingRequest, rounds: Rounds) -> Rounds:
    if request.direction == "forward":
        return rounds
    return rounds + [[(receiver, sender) for sender, receiver in round_] for round_ in rounds]
