"""`python -m benchmarks [NAME ...] [--json]`: all figures side by side, or those named. Exit 1 if a goal is missed."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks import (
    analysis,
    crowd,
    datagrams,
    decision,
    faults,
    goodput,
    http_by_hand,
    kubernetes_load,
    kubernetes_run,
    kubernetes_spread,
    outage,
    path_mtu,
    peer,
    places,
    spread,
    startup,
    tcp_by_hand,
)
from benchmarks.figure import Figure
from benchmarks.table import Report, as_json, as_table


@dataclass(frozen=True)
class Bench:
    title: str
    figures: Callable[[Path], Coroutine[None, None, Sequence[Figure]]]
    """Given an empty folder."""
    needs: str | None = None
    """Variable of the environment without which there is nothing to measure with."""

    @property
    def can_run(self) -> bool:
        return self.needs is None or bool(os.environ.get(self.needs))


BENCHES = {
    "decision": Bench(decision.TITLE, decision.figures),
    "analysis": Bench(analysis.TITLE, analysis.figures),
    "help": Bench(startup.TITLE, startup.figures),
    "goodput": Bench(goodput.TITLE, goodput.figures),
    "datagrams": Bench(datagrams.TITLE, datagrams.figures),
    "faults": Bench(faults.TITLE, faults.figures),
    "tcp": Bench(tcp_by_hand.TITLE, tcp_by_hand.figures),
    "http": Bench(http_by_hand.TITLE, http_by_hand.figures),
    "outage": Bench(outage.TITLE, outage.figures),
    "path-mtu": Bench(path_mtu.TITLE, path_mtu.figures),
    "places": Bench(places.TITLE, places.figures),
    "spread": Bench(spread.TITLE, spread.figures),
    "crowd": Bench(crowd.TITLE, crowd.figures),
    "kubernetes-run": Bench(kubernetes_run.TITLE, kubernetes_run.figures),
    "kubernetes-spread": Bench(kubernetes_spread.TITLE, kubernetes_spread.figures),
    "kubernetes-load": Bench(kubernetes_load.TITLE, kubernetes_load.figures),
    "peer": Bench(peer.TITLE, peer.figures, needs=peer.NEEDS),
}

_WIDTH = 160
"""Columns of a table that goes to a file."""


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    progress = Console(stderr=True)
    report = {}
    for name in options.names or _all(progress):
        progress.print(f"{name}: {BENCHES[name].title}")
        report[BENCHES[name].title] = _run(BENCHES[name])
    if options.json:
        print(as_json(report))
    else:
        Console(width=None if sys.stdout.isatty() else _WIDTH).print(as_table(report))
    return 0 if _all_met(report) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description="clearway's figures beside what is known.")
    known = ", ".join(BENCHES)
    parser.add_argument("names", nargs="*", metavar="NAME", type=_name, help=f"of {known}")
    parser.add_argument("--json", action="store_true", help="every figure with its single runs")
    return parser


def _name(word: str) -> str:
    if word not in BENCHES:
        raise argparse.ArgumentTypeError(f"{word} is none of {', '.join(BENCHES)}")
    if not BENCHES[word].can_run:
        raise argparse.ArgumentTypeError(f"{word} needs {BENCHES[word].needs} in the environment")
    return word


def _all(progress: Console) -> list[str]:
    """Those that can be run; the others are said to be left out."""
    for name, bench in BENCHES.items():
        if not bench.can_run:
            progress.print(f"{name}: left out, because {bench.needs} is not set")
    return [name for name, bench in BENCHES.items() if bench.can_run]


def _run(bench: Bench) -> Sequence[Figure]:
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder:
        return asyncio.run(bench.figures(Path(folder)))


def _all_met(report: Report) -> bool:
    return all(one.met is not False for figures in report.values() for one in figures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
