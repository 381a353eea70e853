"""Which slot a variable has. Go looks names up while it runs; where they stand decides it just the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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

    @contextmanager
    def block(self) -> Iterator[None]:
        outer, self._slots = self._slots, self._slots.copy()
        yield
        self._slots = outer
