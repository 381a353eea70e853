"""The files of a run directory and the codecs of their lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from clearway.probe import wire
from clearway.probe.codec import Codec, of
from clearway.probe.records import Observation, Result, Round, Worker

FORMAT_VERSION = 2
"""Of the run directory: digests and seals show whether it is whole."""
OLD_FORMAT = 1
"""Without digests and seals: it can be read, and nothing shows whether it is whole."""

MANIFEST = "manifest.json"
SPEC = "spec.yaml"
INVENTORY = "inventory.json"
PLAN = "plan.jsonl"
FINDINGS = "findings.jsonl"
ROUNDS = "rounds.jsonl"
RESULTS = "results.jsonl"
WORKERS = "workers.jsonl"
OBSERVATIONS = "observations.jsonl"
SEALS = "seals.jsonl"
"""How far the other files went, after every round and at the end."""
VERDICTS = "verdict-*.json"
VERDICT_LIST = "verdicts.jsonl"
"""Which verdicts were given, by which limits, and the digest of each."""
LOG = "log.txt"
LOCK = "lock"
"""Who writes into the run directory; there only meanwhile."""
LAB = "lab.yaml"
"""The lab that was measured."""
HOSTS = "hosts.yaml"
"""The hosts, and how each is entered; no secrets."""
CLUSTER = "cluster.json"
"""The cluster that was measured, and how; no secrets."""
CHAOS = "chaos.jsonl"
"""Nodes broken on purpose: written before each is."""

LINE_CODECS: Mapping[type[Any], tuple[str, Codec[Any]]] = {
    Round: (ROUNDS, wire.ROUND),
    Result: (RESULTS, wire.RESULT),
    Worker: (WORKERS, wire.WORKER),
    Observation: (OBSERVATIONS, wire.OBSERVATION),
}
LINES = tuple(name for name, _ in LINE_CODECS.values())
DIGESTED = (SPEC, INVENTORY, FINDINGS, PLAN)
"""Written whole before the first traffic, with their digests in the manifest."""
REPORTS = ("report.*", "junit.xml")
"""As report/ names them."""
OF_ANY_RUN = (
    *(*DIGESTED, *LINES, MANIFEST, SEALS, CHAOS),
    *(VERDICTS, VERDICT_LIST, *REPORTS, LOG),
    *(LAB, HOSTS, CLUSTER),
)
"""A folder that has one of these holds a run, or a part of one."""


def parts_of_a_run(folder: Path) -> list[str]:
    """Names of the files in a folder that are of a run; one that is not there, or can't be read, has none."""
    try:
        names = [path.name for path in folder.iterdir()]  # with links that lead nowhere, which glob leaves out
    except OSError:
        return []
    return sorted(name for name in names if any(fnmatch(name, pattern) for pattern in OF_ANY_RUN))


@dataclass(frozen=True, kw_only=True)
class Manifest:
    run: str
    """Run id."""
    format: int
    version: str
    """Of clearway."""
    started: float
    """Unix seconds."""
    site: str
    digests: Mapping[str, str] | None = field(default=None, compare=False)
    """SHA-256 of the files that are written whole before the first traffic; absent in format 1."""


MANIFEST_CODEC = of(Manifest)
