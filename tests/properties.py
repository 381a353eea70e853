"""How many examples a property of its own weight is tried on."""

from __future__ import annotations

from hypothesis import settings

_THOROUGH = 100
"""What a property has that states no number."""


def examples(thorough: int) -> int:
    """So many in `make unit`, and fewer in `make check`, by the profile."""
    return max(3, thorough * settings().max_examples // _THOROUGH)
