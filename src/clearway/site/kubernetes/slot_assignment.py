"""Which worker has which slot: the scheduler places pods, so a slot is assigned when a pod's node is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from clearway.probe.records import Slot


class SlotAssignment:
    """Slots by node, assigned as workers start. A worker keeps its slot."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        self.slots = tuple(sorted(slots))
        self._free: dict[str, list[Slot]] = defaultdict(list)
        for slot in reversed(self.slots):
            self._free[slot.node].append(slot)
        self._taken: dict[str, Slot] = {}

    def assign(self, name: str, node: str) -> Slot | None:
        """The slot of this worker, new or assigned before; None: its node has no free slot."""
        if name not in self._taken and self._free.get(node):
            self._taken[name] = self._free[node].pop()
        return self._taken.get(name)

    def assign_anywhere(self, name: str) -> Slot | None:
        """For a worker that will not start on any node: one of the slots that stay empty."""
        if name not in self._taken:
            node = next((node for node, free in self._free.items() if free), None)
            return None if node is None else self.assign(name, node)
        return self._taken[name]

    @property
    def names(self) -> dict[Slot, str]:
        """The worker in each slot."""
        return {slot: name for name, slot in self._taken.items()}
