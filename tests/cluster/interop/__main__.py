"""Both ways round on a cluster made for it: `python -m cluster.interop PERF-TESTS WORKER-ARCHIVE`.

`controller`: ClusterLoader2's controller with clearway's worker image. `door`: clearway's door with ClusterLoader2's
worker image. Every figure that is named has to be there and above zero: an exit status by itself proves nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cluster.interop.peer import NotMendable
from cluster.interop.ways import Ground, Said, Way, our_workers, their_workers
from harness.spec import ClusterSpec
from harness.starting import running_cluster

PROTOCOLS = ("tcp", "udp", "http")
TOLD: Mapping[str, tuple[str, ...]] = {"controller": PROTOCOLS, "door": ("tcp",)}
"""Its worker crashes on the UDP rows of our iperf 2.1.8, and of HTTP it tells a mean."""
WAYS: Mapping[str, Callable[[Ground], Way]] = {"controller": our_workers, "door": their_workers}
_QUOTED = 6_000
"""Characters of what was said, where something is missing."""


def told(test: str, seconds: float, said: Said) -> Iterator[str]:
    yield f"{test}: exit {said.status}, {seconds:.0f} s"
    for figure in said.figures:
        values = ", ".join(f"{name} {value:g}" for name, value in figure.values.items()) or "no value"
        yield f"  {figure.metric}: {values} {figure.unit}{'' if figure.measured else '  <- not measured'}"
    if not said.sound:
        yield said.text[-_QUOTED:]


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m cluster.interop", description=__doc__)
    parser.add_argument("source", type=Path, help="a copy of kubernetes/perf-tests")
    parser.add_argument("archive", type=Path, help="the worker image's archive, as `make image` names it")
    parser.add_argument("--way", choices=WAYS, action="append", help="only this one")
    parser.add_argument("--protocol", choices=PROTOCOLS, action="append", help="only this one; can be repeated")
    parser.add_argument("--pairs", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    asked, sound = _parsed(), True
    with tempfile.TemporaryDirectory() as folder, running_cluster(ClusterSpec(nodes=2)) as cluster:
        ground = Ground(asked.source, asked.archive, Path(folder), cluster)
        for way in asked.way or WAYS:
            try:
                run = WAYS[way](ground)
            except NotMendable as error:
                sys.stderr.write(f"interop: {error}\n")
                return 2
            for protocol in asked.protocol or TOLD[way]:
                begun = time.monotonic()
                said = run(protocol, asked.pairs)
                sound &= said.sound
                test = f"{way} {protocol} {asked.pairs}:{asked.pairs}"
                print("\n".join(told(test, time.monotonic() - begun, said)), flush=True)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
