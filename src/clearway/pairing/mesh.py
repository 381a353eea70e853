"""Every node with every other one, in as few rounds as possible, no worker twice in a round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from random import Random

from clearway.pairing.base import Member, Pairing, PairingRequest, Partners, Rounds, directed, lanes


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
    parity = rng.randrange(2)
    by_group = [_meetings(group, partners, parity) for group in partners.groups]
    return directed(request, [list(chain(*parts)) for parts in zip_longest(*by_group, fillvalue=())])


def _meetings(group: Sequence[Member], partners: Partners, parity: int) -> Rounds:
    """A group's rounds; who sends alternates, so that each node sends about as often as it receives."""
    rounds = []
    for meetings in one_factorisation(len(group)):
        ordered = [(a, b) if (a + b + parity) % 2 else (b, a) for a, b in meetings]
        rounds.append([pair for a, b in ordered for pair in lanes(group[a], group[b], partners)])
    return rounds


MESH = Pairing("mesh", _rounds, fields=("direction", "isolated"))
