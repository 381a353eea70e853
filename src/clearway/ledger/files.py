"""The files of a run directory and the codecs of their lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clearway.probe import wire
from clearway.probe.codec import Codec, of
from clearway.probe.records import Observation, Result, Round, Worker

FORMAT_VERSION = 1

MANIFEST = "manifest.json"
SPEC = "spec.yaml"
INVENTORY = "inventory.json"
PLAN = "plan.jsonl"
FINDINGS = "findings.jsonl"
ROUNDS = "rounds.jsonl"
RESULTS = "results.jsonl"
WORKERS = "workers.jsonl"
OBSERVATIONS = "observations.jsonl"
VERDICTS = "verdict-*.json"
LOG = "log.txt"
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


MANIFEST_CODEC = of(Manifest)
