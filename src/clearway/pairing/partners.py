"""The candidates of one test: by machine, by zone, by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from clearway.probe.records import Slot

PairScope = Literal["same-zone", "cross-zone", "any", "same-node"]
Member = tuple[Slot, ...]
"""What is paired as one: the workers of a node or, inside a node, a single worker."""


@dataclass(frozen=True, slots=True)
class Partners:
    """The candidates of one test."""

    scope: PairScope
    groups: tuple[tuple[Member, ...], ...]
    """Partners come from the same group."""
    machines: Mapping[str, str]
    zones: Mapping[str, str | None]

    def place(self, slot: Slot) -> str | None:
        """Where both ends of a pair must not be at once."""
        if self.scope == "same-node":
            return str(slot)
        return self.zones[slot.node] if self.scope == "cross-zone" else self.machines[slot.node]

    def allowed(self, one: Slot, other: Slot) -> bool:
        apart = self.scope == "same-node" or self.machines[one.node] != self.machines[other.node]
        return apart and self.place(one) != self.place(other)

    def ordered_pairs(self, group: Sequence[Member]) -> int:
        """How many ordered pairs of a group are allowed, counted without listing them."""
        machines = Counter(str(m[0]) if self.scope == "same-node" else self.machines[m[0].node] for m in group)
        places = Counter(self.place(m[0]) for m in group)
        both = Counter((self.place(m[0]), self.machines[m[0].node]) for m in group)
        on_one_machine, in_one_place, in_both = (sum(n * n for n in c.values()) for c in (machines, places, both))
        return len(group) ** 2 - on_one_machine - in_one_place + in_both

    def cross(self, one: Slot, other: Slot) -> bool:
        """Whether the two are not known to be in the same zone."""
        zone = self.zones[one.node]
        return zone is None or zone != self.zones[other.node]
