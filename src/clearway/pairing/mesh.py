"""Every node with every other one, in as few rounds as possible.

Both ways it goes by rings: in round t each node sends to the t-th one after it while it receives from the t-th one
before it, so that all ordered pairs of N nodes take N - 1 rounds and load both directions of every link. One way it
goes by the circle method, no worker twice in a round. So does a test with background traffic, one way after the other:
a request and its answer would wait in two full queues, and nothing could show in which one (design note 0023).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from random import Random

from clearway.pairing.base import (
    Member,
    Pairing,
    PairingRequest,
    Partners,
    Rounds,
    arranged,
    directed,
    lanes,
    side_by_side,
)
from clearway.probe.records import Pair


def one_factorisation(count: int) -> Iterator[list[tuple[int, int]]]:
    """Rounds in which each of `count` players meets each other one exactly once, the lower number first.

    The circle method: one player stands, the others move on; count - 1 rounds, or count if it is odd.
    """
    players: list[int | None] = [*range(count), *([None] if count % 2 else [])]
    half = len(players) // 2
    for _ in range(len(players) - 1):
        meetings = zip(players[:half], reversed(players[half:]), strict=True)
        yield [(min(a, b), max(a, b)) for a, b in meetings if a is not None and b is not None]
        players = [players[0], players[-1], *players[1:-1]]


def _rounds(request: PairingRequest, partners: Partners, rng: Random) -> Rounds:
    if request.direction == "forward" or request.background is not None:
        parity = rng.randrange(2)
        one_way = side_by_side(_meetings(group, partners, parity) for group in partners.groups)
        return directed(request, one_way)
    return side_by_side(both_ways(group, partners) for group in partners.groups)


def both_ways(group: Sequence[Member], partners: Partners) -> Rounds:
    """A group's rounds, every worker once as sender and once as receiver in each."""
    rings = [ring(group, step, partners) for step in range(1, len(group))]
    if len({len(pairs) for pairs in rings}) < 2:
        return rings
    # Pairs that may not meet leave gaps in the rings, which others fill.
    return arranged(chain(*rings), full_duplex=True)


def ring(group: Sequence[Member], step: int, partners: Partners) -> list[Pair]:
    """Each member sends to the one that stands so many steps behind it, where the two may meet."""
    turned = (*group[step:], *group[:step])
    return [pair for sender, receiver in zip(group, turned, strict=True) for pair in lanes(sender, receiver, partners)]


def _meetings(group: Sequence[Member], partners: Partners, parity: int) -> Rounds:
    """A group's rounds one way; who sends alternates, so that each node sends about as often as it receives."""
    rounds = []
    for meetings in one_factorisation(len(group)):
        ordered = [(a, b) if (a + b + parity) % 2 else (b, a) for a, b in meetings]
        rounds.append([pair for a, b in ordered for pair in lanes(group[a], group[b], partners)])
    return rounds


MESH = Pairing("mesh", _rounds, fields=("direction", "isolated"))
