"""The files of a run directory and the codecs of their lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clearway.ledger.record import Manifest
from clearway.probe import wire
from clearway.probe.codec import Codec, of
from clearway.probe.records import Observation, Result, Round, Worker

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

MANIFEST_CODEC = of(Manifest)
