"""The slot of each variable. Go looks names up at run time; their position in the text gives the same result."""

from __future__ import annotations


class Scope:
    """The variables of one template, block inside block."""

    def __init__(self) -> None:
        self.size = 1
        """Slots needed: each declaration has its own. Slot 0 is `$`, the template's data."""
        self._slots = {"$": 0}

    def declare(self, name: str) -> int:
        self._slots[name] = slot = self.size
        self.size += 1
        return slot

    def slot(self, name: str) -> int | None:
        """None if the name was declared in a block that does not contain this place."""
        return self._slots.get(name)

    def enter(self) -> dict[str, int]:
        """Begins a block; variables declared in it are dropped when it ends."""
        outer, self._slots = self._slots, self._slots.copy()
        return outer

    def leave(self, outer: dict[str, int]) -> None:
        """Ends the block that `enter` gave `outer` for."""
        self._slots = outer
