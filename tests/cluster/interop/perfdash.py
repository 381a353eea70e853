"""Results as perfdash reads them: `python -m cluster.interop.perfdash PERF-TESTS RESULTS`.

Built from its source with Go; the folder of results becomes one build of one job. Every item of every result has to
come out as it went in. Only the names that its configuration looks for are changed; of N:1 it knows nothing.
Exit: 0 all came out; 1 some did not; 2 the source is another one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cluster.interop.peer import Mend, NotMendable, built

PERFDASH = Path("perfdash")
RATIOS = Mend(
    PERFDASH / "config.go",
    r'(OutputFilePrefix: +"NetworkPerformanceMetrics_\w+):(\w+")',
    r"\1-\2",
    6,
    "it looks for names with a colon, which some file systems refuse",
)
TESTS = Mend(
    PERFDASH / "config.go",
    r'(Name: +)"network_performance_\w+-\d+:\d+"',
    r'\1""',
    6,
    "it looks for its own names of tests; without one it takes any",
)
_JOB, _SHOWN = "clearway", "shown"
_JOBS = {"periodics": [{"name": _JOB, "tags": [f"perfDashPrefix: {_SHOWN}", "perfDashJobType: performance"]}]}
_WITHIN = 120.0
_RESULT = "Result: "

Item = dict[str, Any]


def written(results: Path) -> list[Item]:
    """Items of all results that are in the folder."""
    return [item for path in _files(results) for item in json.loads(path.read_text(encoding="utf-8"))["dataItems"]]


def read(said: str) -> list[Item]:
    """Items that perfdash says that it read, of the one build there is."""
    place = said.index(_RESULT) + len(_RESULT)
    shown, _ = json.JSONDecoder().raw_decode(said, place)
    metrics = (metric for category in shown.get(_SHOWN, {}).values() for metric in category.values())
    return [item for metric in metrics for items in metric["builds"].values() for item in items]


def missing(results: Path, said: str) -> list[Item]:
    """What was written and did not come out."""
    found = read(said)
    return [item for item in written(results) if item not in found]


def asked(program: Path, results: Path, folder: Path) -> str:
    """What perfdash says of a folder of results. Raises CalledProcessError."""
    artifacts = folder / "logs" / _JOB / "1" / "artifacts"
    artifacts.mkdir(parents=True)
    for path in _files(results):
        shutil.copy(path, artifacts)
    jobs = folder / "jobs.yaml"
    jobs.write_text(json.dumps(_JOBS), encoding="utf-8")
    argv = (program, "--mode=local", f"--logsPath={folder / 'logs'}", f"--configPath={jobs}")
    return subprocess.run(argv, capture_output=True, text=True, timeout=_WITHIN, check=True).stderr


def _files(results: Path) -> Iterator[Path]:
    """Results of the ratios that perfdash knows."""
    for ratio in ("1-1", "N-M"):
        yield from results.glob(f"NetworkPerformanceMetrics_{ratio}_*.json")


def _told(results: Path, lacking: list[Item]) -> Iterator[str]:
    yield f"{len(written(results))} items written, {len(lacking)} not read"
    yield from (f"  {item['labels']}" for item in lacking)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.interop.perfdash", description=__doc__)
    parser.add_argument("source", type=Path, help="a copy of kubernetes/perf-tests")
    parser.add_argument("results", type=Path, help="a report folder of clusterloader2")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            program = built(given.source, Path(folder), PERFDASH, RATIOS, TESTS, package=".")
        except NotMendable as error:
            sys.stderr.write(f"perfdash: {error}\n")
            return 2
        lacking = missing(given.results, asked(program, given.results, Path(folder)))
    print("\n".join(_told(given.results, lacking)))
    return 1 if lacking or not written(given.results) else 0


if __name__ == "__main__":
    sys.exit(main())
