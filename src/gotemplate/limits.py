"""How much a template may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that no honest template comes near. All of them are counted, never timed: a refusal is repeatable."""

    steps: int = 1_000_000
    """Nodes run and items visited. A pass through a loop costs as many as its body has nodes."""
    characters: int = 16_000_000
    """Of the output, and of all text that functions make on the way."""
    depth: int = 100
    """Templates that call templates, one inside the other."""
    nesting: int = 50
    """Blocks and parentheses, one inside the other."""


DEFAULT_LIMITS = Limits()
