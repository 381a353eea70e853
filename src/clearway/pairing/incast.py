"""All others send to one node at once; each node is the one in turn, or only the one that the test names."""

from __future__ import annotations

from random import Random

from clearway.base.errors import UsageError
from clearway.pairing.base import End, Pairing, PairingRequest, Partners, Rounds, lanes


def _rounds(request: PairingRequest, partners: Partners, rng: Random) -> Rounds:
    if request.server is not None and request.server not in partners.machines:
        choices = tuple(partners.machines)
        raise UsageError("plan.unknown-node", test=request.name, node=request.server, choices=choices)
    rounds = [
        [pair for member in group for pair in lanes(member, server, partners)]
        for group in partners.groups
        for server in group
        if request.server in (None, server[0].node)
    ]
    if request.pairs is None:
        return rounds
    # So many of each round, on as many nodes as possible.
    return [sorted(round_, key=lambda pair: pair[0].index)[: request.pairs] for round_ in rounds]


INCAST = Pairing("incast", _rounds, fields=("pairs", "server"), summed_at=End.RECEIVER, node_claim="claim.nodes-incast")
