"""Feeds one reader with inputs and says what it must not do with any of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fuzz.mutation import mutated
from fuzz.targets import Target

SLOW = 2.0
"""Seconds of processor time for one input."""


@dataclass(frozen=True)
class Found:
    """An input that a reader can't be given."""

    content: bytes
    why: str


def tried(target: Target, content: bytes, folder: Path) -> Found | None:
    """What is wrong with how the reader takes this input; None where it reads it or refuses it as it should."""
    began = time.process_time()
    try:
        target.read(content, folder)
    except target.declared:
        pass
    except Exception as error:  # noqa: BLE001 - all others are what is looked for
        return Found(content, f"{type(error).__name__}: {error}"[:200])
    took = time.process_time() - began
    return Found(content, f"{took:.1f} s") if took > SLOW else None


def hunted(target: Target, random: Random, folder: Path, go_on: Callable[[int], bool]) -> tuple[int, list[Found]]:
    """The number of inputs, and what was found, one of a kind."""
    count, found = 0, dict[str, Found]()
    while go_on(count):
        one = tried(target, mutated(target.seeds, random), folder)
        count += 1
        if one is not None:
            found.setdefault(one.why[:40], one)
    return count, list(found.values())
