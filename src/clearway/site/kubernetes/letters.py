"""A round's requests as the mailboxes hold them, with what people who watch want to see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from clearway.probe.records import Request, Slot
from clearway.site.kubernetes.mailboxes import Letter


def letters(requests: Mapping[Slot, Sequence[Request]]) -> dict[Slot, Letter]:
    """One letter a worker; its peers are whoever has the other half of one of its probes."""
    ends: dict[str, set[Slot]] = defaultdict(set)
    for slot, wanted in requests.items():
        for request in wanted:
            ends[request.probe].add(slot)
    return {slot: _letter(slot, wanted, ends) for slot, wanted in requests.items()}


def _letter(slot: Slot, wanted: Sequence[Request], ends: Mapping[str, set[Slot]]) -> Letter:
    halves = sorted({request.half.value for request in wanted})
    peers = sorted({peer.node for request in wanted for peer in ends[request.probe] - {slot}})
    return Letter(wanted, "+".join(halves), ",".join(peers))
