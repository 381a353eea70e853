"""What was found of the largest packet on each road, as it stands in the record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Dict, Iterable, Mapping, Optional, Tuple

from clearway.base.units import Size
from clearway.probe.json_values import CodecError
from clearway.probe.observations import PATH_MTU
from clearway.probe.records import Observation, Slot
from clearway.probe.wire import SLOT

PROBES_PATH_MTU = "probes-path-mtu"
"""Key in the facts of a worker that can: ClusterLoader2's own can't."""


BLACK_HOLE = "path-mtu.black-hole"
"""Code of the finding that names one: it stands in a report's first lines."""


class RoadState(str, Enum):
    WHOLE = "whole"
    """Packets as large as both interfaces allow pass."""
    REPORTED = "reported"
    """Larger ones than it carries are reported to the sender, which makes them smaller."""
    BLACK_HOLE = "black-hole"
    """Larger ones than it carries vanish, and nothing is reported."""
    SILENT = "silent"
    """Not even small ones were answered."""
    OPEN = "open"
    """It could not be found out: what was lost may have been lost by chance."""


Road = Tuple[Slot, Slot, str]
"""Sender, receiver, and `ipv4` or `ipv6`."""


@dataclass(frozen=True)
class RoadMtu:
    """One road, one way."""

    sender: Slot
    receiver: Slot
    family: str
    tried: Size
    """The largest packet that was tried: as large as both interfaces allow."""
    largest: Optional[Size] = None
    """The largest that was answered; None: not even small ones were."""
    reported: Optional[Size] = None
    """The largest that passes, as a router or the sender's kernel reported."""
    settled: bool = False

    @property
    def road(self) -> Road:
        return self.sender, self.receiver, self.family

    @property
    def state(self) -> RoadState:
        if self.largest is None:
            return RoadState.SILENT
        if self.largest >= self.tried:
            return RoadState.WHOLE
        if not self.settled:
            return RoadState.OPEN
        known = self.reported is not None and self.reported <= self.largest
        return RoadState.REPORTED if known else RoadState.BLACK_HOLE

    @property
    def mtu(self) -> Optional[Size]:
        """None where it is not known."""
        return None if self.state in (RoadState.SILENT, RoadState.OPEN) else self.largest

    def seen(self, at: float) -> Observation:
        """As it is written; `at` in Unix seconds on the controller's clock."""
        receiver, found = SLOT.encode(self.receiver), {"largest": self.largest, "reported": self.reported}
        known = {name: size for name, size in found.items() if size is not None}
        values = {"receiver": receiver, "family": self.family, "tried": self.tried, **known, "settled": self.settled}
        return PATH_MTU.seen(str(self.sender), at, values)


def road_mtus(observations: Iterable[Observation]) -> Mapping[Road, RoadMtu]:
    """The last that was found of each road."""
    found: Dict[Road, RoadMtu] = {}
    for seen in observations:
        if seen.kind == PATH_MTU.name and (one := _of(seen)) is not None:
            found[one.road] = one
    return found


def _of(seen: Observation) -> Optional[RoadMtu]:
    """None of an observation that names no workers."""
    values = seen.values
    try:
        sender, receiver = _slot(seen.subject), _slot(values["receiver"])
    except CodecError:
        return None
    largest, reported = (_size(values.get(name)) for name in ("largest", "reported"))
    return RoadMtu(sender, receiver, values["family"], values["tried"], largest, reported, values["settled"])


def _size(value: object) -> Optional[Size]:
    return value if isinstance(value, Size) else None


@lru_cache(maxsize=4096)
def _slot(text: str) -> Slot:
    found: Slot = SLOT.decode(text)
    return found


def black_hole(seen: Observation) -> Optional[RoadMtu]:
    """The road of an observation on which large packets vanish; None of any other observation."""
    road = _of(seen) if seen.kind == PATH_MTU.name else None
    return road if road is not None and road.state is RoadState.BLACK_HOLE else None
