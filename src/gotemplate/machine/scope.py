"""Which slot a variable has. Go looks names up while it runs; where they stand decides it just the same."""

from __future__ import annotations


class Scope:
    """The variables of one template, block inside block."""

    def __init__(self) -> None:
        self.size = 1
        """Slots needed: each declaration has its own. Slot 0 is `$`, what the template was given."""
        self._slots = {"$": 0}

    def declare(self, name: str) -> int:
        self._slots[name] = slot = self.size
        self.size += 1
        return slot

    def slot(self, name: str) -> int | None:
        """None where the name was declared beside this place, not around it."""
        return self._slots.get(name)

    def enter(self) -> dict[str, int]:
        """Begins a block; what is declared from here on is forgotten when it is left."""
        outer, self._slots = self._slots, self._slots.copy()
        return outer

    def leave(self, outer: dict[str, int]) -> None:
        """Ends the block that `enter` gave `outer` for."""
        self._slots = outer
