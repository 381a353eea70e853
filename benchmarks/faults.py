"""The truth table: what an acceptance says of a network with a known fault, and of the same network without one.

`python -m benchmarks faults` carries out one run for each group of faults and one without any.
`python -m benchmarks.faults FOLDER RUNS` prints the table and carries out so many without any; the run directories stay
in the folder.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from benchmarks.figure import Figure
from faults.scenarios import ACCEPTED, GROUPS, SOUND_ROADS, Scenario, alone, run, said_of
from faults.trial import Acceptance
from scripts.goal import Goal

TITLE = "acceptances of networks with a known fault"
_WHOLE = 1.0
"""Tests as long as the profile's."""


async def figures(folder: Path) -> list[Figure]:
    found = []
    for name, group in GROUPS.items():
        met = await run(folder / name, group, _WHOLE)
        found += [_figure(one, alone(met, one)) for one in group.scenarios]
    return [*found, _of_clean([one async for one in clean(folder / "clean", 1)])]


def _figure(scenario: Scenario, found: Acceptance) -> Figure:
    goal = Goal(min(scenario.exits), max(scenario.exits))
    return Figure(scenario.name, found.exit_code, "exit", (found.exit_code,), goal, row(scenario, found)[-1])


def row(scenario: Scenario, found: Acceptance) -> tuple[str, str, str, str]:
    """Fault, verdict, seconds, and the first sentence about the pair that says what the scenario asks for."""
    verdict = f"{found.state.value}, exit {found.exit_code}"
    said = [line for line in said_of(found, scenario) if re.search(scenario.says, line)]
    return scenario.name, verdict, f"{found.seconds:.0f}", (said or [found.document.headline])[-1].strip(" -")


async def clean(folder: Path, runs: int) -> AsyncIterator[Acceptance]:
    """Runs of the same lab without any fault."""
    for number in range(runs):
        yield await run(folder / f"{number + 1:02}", SOUND_ROADS, _WHOLE)


def _of_clean(found: Sequence[Acceptance]) -> Figure:
    accepted = sum(one.exit_code in ACCEPTED for one in found)
    return Figure("accepted without a fault", accepted, "runs", (accepted,), Goal(len(found), len(found)))


async def main(folder: Path, runs: int) -> int:
    """Print the table, then a line for each run without a fault; 1 if one of those is not accepted."""
    for name, group in GROUPS.items():
        met = await run(folder / name, group, _WHOLE)
        for one in group.scenarios:
            print("", *row(one, alone(met, one)), "", sep=" | ", flush=True)
    refused = 0
    async for found in clean(folder / "clean", runs):
        refused += found.exit_code not in ACCEPTED
        print(f"without a fault: exit {found.exit_code}, {found.seconds:.0f} s, {found.document.headline}", flush=True)
    print(f"accepted without a fault: {runs - refused} of {runs}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]))))
