"""Which rule about causes speaks of which fault: a table, from runs that were kept.

`python -m benchmarks.causes` prints it; with a FOLDER it carries out the runs there first and keeps them anew.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from clearway.diagnose.causes.table import causes_of_place
from clearway.probe.records import Reason
from faults.scenarios import OF_CAUSES, SOUND, run
from golden.causes import captured, keep


def spoken() -> Mapping[str, tuple[str, Sequence[str]]]:
    """By the name of the fault: its cause, and those that the rules name, the likeliest first."""
    return {one.name: (one.cause, _codes(causes_of_place(one.record, one.place))) for one in captured()}


def table() -> str:
    """A row a fault, a column a cause: `x` where its rule speaks."""
    found = spoken()
    causes = list(dict.fromkeys(cause for cause, _ in sorted(found.values())))
    width = max(map(len, found))
    heads = [f"{number:>2}" for number in range(1, len(causes) + 1)]
    legend = [f"{number:>2} {cause}" for number, cause in enumerate(causes, 1)]
    ordered = sorted(found.items(), key=lambda row: (row[1][0], row[0]))
    rows = [f"{name:{width}} {' '.join(_cells(causes, named))}" for name, (_, named) in ordered]
    return "\n".join([*legend, "", f"{'':{width}} {' '.join(heads)}", *rows])


def _cells(causes: Sequence[str], named: Sequence[str]) -> Iterator[str]:
    yield from (" x" if cause in named else " ." for cause in causes)


def _codes(reasons: Sequence[Reason]) -> Sequence[str]:
    return [reason.code.removeprefix("cause.") for reason in reasons]


async def capture(folder: Path) -> None:
    """Carry out all runs and keep what they show."""
    for name, group in OF_CAUSES.items():
        found = await run(folder / name, group)
        for scenario in group.scenarios:
            alone = found.of(*scenario.nodes, *SOUND)
            keep(_file_name(scenario.name), scenario.cause, alone.record, scenario.nodes, SOUND)


def _file_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


if __name__ == "__main__":
    if sys.argv[1:]:
        asyncio.run(capture(Path(sys.argv[1])))
    print(table())
