"""What the CPUs that this worker may use were busy with, from /proc/stat."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Callable, FrozenSet, Mapping, Optional, Sequence

from clearway.worker.cgroup import text_of

_IDLE, _IOWAIT, _SOFTIRQ, _STEAL = 3, 4, 6, 7
_COLUMNS = 8
"""user nice system idle iowait irq softirq steal; the time of guests, behind them, is in user and nice already."""


@dataclass(frozen=True)
class CpuTicks:
    """Of one CPU, since the machine started or between two readings."""

    busy: int
    steal: int
    """Ticks in which a hypervisor let others run."""
    all: int
    softirq: int = 0
    """Of the busy ones, those in which the kernel worked off packets and timers."""


def ticks() -> Mapping[str, CpuTicks]:
    """By `cpu0` and the like; empty where it can't be read."""
    return of_stat(text_of("/proc/stat") or "", frozenset(f"cpu{number}" for number in os.sched_getaffinity(0)))


def of_stat(text: str, ours: FrozenSet[str]) -> Mapping[str, CpuTicks]:
    """The rows of `ours`."""
    rows = [line.split() for line in text.splitlines()]
    return {row[0]: _of_row([int(word) for word in row[1 : 1 + _COLUMNS]]) for row in rows if row and row[0] in ours}


def _of_row(columns: Sequence[int]) -> CpuTicks:
    steal, everything = columns[_STEAL], sum(columns)
    busy = everything - columns[_IDLE] - columns[_IOWAIT] - steal
    return CpuTicks(busy, steal, everything, columns[_SOFTIRQ])


def used(before: Mapping[str, CpuTicks], after: Mapping[str, CpuTicks]) -> Sequence[CpuTicks]:
    """What each CPU did from one reading to the other; one that did not count on is left out."""
    found = [_between(before[name], after[name]) for name in after if name in before]
    return [one for one in found if one.all > 0]


def _between(before: CpuTicks, after: CpuTicks) -> CpuTicks:
    softirq = after.softirq - before.softirq
    return CpuTicks(after.busy - before.busy, after.steal - before.steal, after.all - before.all, softirq)


def share(cpus: Sequence[CpuTicks], part: Callable[[CpuTicks], int]) -> Optional[float]:
    """A part of the time of all of them; None if there are none."""
    return sum(map(part, cpus)) / sum(one.all for one in cpus) if cpus else None


def most(cpus: Sequence[CpuTicks], part: Callable[[CpuTicks], int]) -> Optional[float]:
    """The largest share of a single one's time."""
    return max((part(one) / one.all for one in cpus), default=None)
