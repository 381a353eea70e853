"""Places of the network that are suspected to be at fault: records that `diagnose` makes and a report says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from clearway.base.units import Quantity, Ratio
from clearway.probe.records import Reason


class PlaceKind(StrEnum):
    """What a place is; those that few roads go through come first."""

    LINK = "link"
    """The road from one node to another, and nothing else of these nodes."""
    SENDS = "sends"
    """All that a node sends."""
    RECEIVES = "receives"
    """All that a node receives."""
    ZONES = "zones"
    """All that goes from one zone to another."""
    LEAVES_MACHINE = "leaves-machine"
    """All that the nodes of one machine send to other machines."""
    ENTERS_MACHINE = "enters-machine"
    LEAVES_ZONE = "leaves-zone"
    """All that goes from one zone to any other: its uplink."""
    ENTERS_ZONE = "enters-zone"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A part of the network in one direction."""

    kind: PlaceKind
    names: tuple[str, ...]
    """Of nodes, machines or zones: two of a link or of zones, the sending one first; else one."""

    @property
    def way_back(self) -> Place:
        """The same part in the other direction."""
        return Place(_WAYS_BACK.get(self.kind, self.kind), self.names[::-1])


_WAYS = (
    (PlaceKind.SENDS, PlaceKind.RECEIVES),
    (PlaceKind.LEAVES_MACHINE, PlaceKind.ENTERS_MACHINE),
    (PlaceKind.LEAVES_ZONE, PlaceKind.ENTERS_ZONE),
)
_WAYS_BACK = {one: other for out, into in _WAYS for one, other in ((out, into), (into, out))}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSign:
    """What one figure of one test shows of a place."""

    test: str
    metric: str
    statistic: str
    value: Quantity
    """Median of the pairs through the place."""
    elsewhere: Quantity
    """Median of the pairs that go through no suspect."""
    pairs: int
    others: int
    """Pairs that go through no suspect."""
    measurements: int
    """Of the pairs through the place."""
    chance: Ratio
    """At most so often noise alone makes a place of this kind look so bad in a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retest:
    """One more measurement of a road through a suspect, after all others."""

    sender: str
    receiver: str
    alone: bool
    """Whether nothing but other suspects was measured at the same time."""
    value: Quantity | None = None
    """By the figure of the first sign of its test; None: the attempt was void."""
    bad_again: bool | None = None
    """Whether the value is nearer to what the pair showed before than to what is usual elsewhere."""


class Confirmation(StrEnum):
    """What is known of a suspect."""

    SEEN = "seen"
    """It was not measured again, or what measured it was void."""
    CONFIRMED = "confirmed"
    """Bad again, alone."""
    TOGETHER = "together"
    """Sound alone, and bad again while the other pairs sent."""
    ALONE_SOUND = "alone-sound"
    """Sound alone, and not measured again with the others."""
    GONE = "gone"
    """Sound alone and with the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A place that explains why its pairs are worse than the rest."""

    place: Place
    signs: tuple[PlaceSign, ...]
    """In the order of the tests."""
    sound: tuple[Place, ...]
    """Ruled out: places next to it whose other pairs are like the rest."""
    alike: tuple[Place, ...]
    """Not ruled out: the measured pairs that go through them are the same ones."""
    retests: tuple[Retest, ...] = ()
    """In the order of measuring."""
    causes: tuple[Reason, ...] = ()
    """What may have made it so, the most direct evidence first."""

    @property
    def measurements(self) -> int:
        """Behind the signs. Figures of one test are of the same measurements."""
        by_test: Counter[str] = Counter()
        for sign in self.signs:
            by_test[sign.test] = max(by_test[sign.test], sign.measurements)
        return by_test.total()

    @property
    def standing(self) -> Confirmation:
        by_alone, by_company = (
            [one.bad_again for one in self.retests if one.alone is alone] for alone in (True, False)
        )
        if True in by_alone:
            return Confirmation.CONFIRMED
        if True in by_company:
            return Confirmation.TOGETHER
        if False not in by_alone:
            return Confirmation.SEEN
        return Confirmation.GONE if False in by_company else Confirmation.ALONE_SOUND

    @property
    def is_confirmed(self) -> bool:
        return self.standing in (Confirmation.CONFIRMED, Confirmation.TOGETHER)

    @property
    def is_sound_alone(self) -> bool:
        """Whether it is worth measuring with the others."""
        return self.standing is Confirmation.ALONE_SOUND
