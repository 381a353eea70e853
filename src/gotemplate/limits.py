"""How much a template may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds far above what useful templates need. They are counts, not times, so that a refusal is repeatable."""

    steps: int = 250_000
    """Nodes run and items visited. One pass through a loop costs as many steps as its body has nodes. A step of the
    dearest kind takes about 3 us: all of them stay below a second."""
    characters: int = 16_000_000
    """Characters of the output, and of all text that functions make."""
    depth: int = 100
    """Depth of templates that call templates."""
    nesting: int = 50
    """Depth of blocks and parentheses."""


DEFAULT_LIMITS = Limits()
