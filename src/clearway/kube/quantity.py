"""Quantities as Kubernetes writes them: `1k`, `1500m`, `4Gi`, `1e3`. An API server writes 1000 pods as `1k`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from clearway.kube.errors import Undecodable

_FORM = re.compile(r"([+-]?\d{0,30}(?:\.\d{0,30})?)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?")
_FACTORS: Mapping[str | None, Decimal] = {
    None: Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", 1)},
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)},
}


def parse_quantity(text: str) -> Decimal:
    """Raises Undecodable."""
    found = _FORM.fullmatch(text.strip())
    if found is None or not any(char.isdigit() for char in found[1]):
        raise Undecodable("kube.quantity", found=text[:40])
    return Decimal(found[1]) * _FACTORS[found[2]] * Decimal(10) ** int(found[3] or 0)
