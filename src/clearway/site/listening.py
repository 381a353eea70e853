"""How much one worker may say, and what is said of one that says something else.

A worker is a program on a machine that is not ours. What it sends ends that worker at most, never the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from ipaddress import ip_address

from clearway.base.errors import ClearwayError, SiteError
from clearway.base.units import Duration, Size
from clearway.probe.json_values import NUMBER
from clearway.probe.records import Observation, Reason, Worker

LINE_LIMIT = 16 * 1024 * 1024
"""Bytes of one message; a result with its series and evidence stays far below."""
_LARGEST: Mapping[str, int] = {"ready": 64 * 1024, "clock": 1024, "observation": 16 * 1024, "result": LINE_LIMIT}
"""Bytes by kind of message. An announcement has 128 ports and a few dozen facts: about 3 kB."""
KINDS = frozenset(_LARGEST)
_OBSERVATIONS = 64
"""Observations until the next round: each is about something rare."""
_QUOTED = 200
"""Characters of an error that was not foreseen."""


class Allowance:
    """What one worker may still send: a result for each request, an answer for each question."""

    def __init__(self) -> None:
        self._left = Counter({"ready": 1, "observation": _OBSERVATIONS})

    def asked(self, kind: str, times: int = 1) -> None:
        """So many more of this kind are expected."""
        self._left[kind] += times

    def handed_out(self, requests: int) -> None:
        """So many more results are expected; and in a new round a worker may observe everything again."""
        self._left["result"] += requests
        self._left["observation"] = _OBSERVATIONS

    def spend(self, kind: str, size: int) -> None:
        """Raises SiteError where it was not asked for so many, or such large ones."""
        if size > _LARGEST[kind]:
            raise SiteError("listening.too-large", kind=kind, size=Size(size), limit=Size(_LARGEST[kind]))
        if self._left[kind] < 1:
            raise SiteError("listening.too-many", kind=kind)
        self._left[kind] -= 1


def elsewhere(worker: Worker, node: str, addresses: Collection[str]) -> Reason | None:
    """What an announcement says of its place that is not so: no worker is sent there. None: all of it is true."""
    if worker.slot.node != node:
        return Reason("listening.other-node", {"claimed": worker.slot.node, "node": node})
    true = {ip_address(address) for address in addresses}
    if strange := [address for address in worker.addresses if ip_address(address) not in true]:
        return Reason("listening.other-address", {"claimed": strange[0], "addresses": tuple(addresses)})
    return None


def on_our_clock(seen: Observation, ahead: Duration) -> Observation:
    """What a worker saw, at the controller's time. Raises CodecError where that is no time at all."""
    return replace(seen, at=NUMBER.decode(seen.at - ahead.si))


def not_understood(error: Exception) -> Reason:
    """Why a worker is given up whose words ended in this error."""
    if isinstance(error, ClearwayError):
        return error.reason
    return Reason("listening.not-understood", {"error": f"{type(error).__name__}: {error}"[:_QUOTED]})
