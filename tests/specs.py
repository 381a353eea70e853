"""Specs as users write them, without what is the same in each."""

from __future__ import annotations


def spec_of(*tests: str, **settings: object) -> str:
    """As YAML: each test as the inside of a flow mapping, and a seed that does not change."""
    head = {"version": 1, "seed": 1, **settings}
    return "\n".join(
        [*(f"{name}: {value}" for name, value in head.items()), "tests:", *(f"- {{{one}}}" for one in tests)]
    )
