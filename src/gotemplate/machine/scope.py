"""Which slot a variable has. Go looks names up while it runs; where they stand decides it just the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Scope:
    """The variables of one template, block inside block."""

    def __init__(self) -> None:
        self.size = 1
        """Slots needed: each declaration has its own. Slot 0 is `$`, what the template was given."""
        self._seen: list[tuple[str, int]] = [("$", 0)]

    def declare(self, name: str) -> int:
        slot, self.size = self.size, self.size + 1
        self._seen.append((name, slot))
        return slot

    def slot(self, name: str) -> int | None:
        """None where the name was declared beside this place, not around it."""
        return next((slot for known, slot in reversed(self._seen) if known == name), None)

    @contextmanager
    def block(self) -> Iterator[None]:
        known = len(self._seen)
        yield
        del self._seen[known:]
