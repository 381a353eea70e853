"""How perfdash is asked and heard: what it did not read is told, whatever it says around it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cluster.interop.peer import apply
from cluster.interop.perfdash import PERFDASH, RATIOS, TESTS, missing, written

ITEMS = [{"data": {"Value": value}, "unit": "kbytes/sec", "labels": {"Metric": "Throughput"}} for value in (1.5, 2.0)]
ENTRY = (
    '\tName:             "network_performance_{0}-{1}",\n\tOutputFilePrefix: "NetworkPerformanceMetrics_{2}_X_P2P",\n'
)


def results(folder: Path) -> Path:
    """A report folder with one result, and one of a ratio that perfdash does not know."""
    for ratio in ("1-1", "N-1"):
        (folder / f"NetworkPerformanceMetrics_{ratio}_TCP_P2P_t.json").write_text(json.dumps({"dataItems": ITEMS}))
    return folder


def saying(items: list[Any]) -> str:
    """As it shows what it read, between lines of its log."""
    shown = {"shown": {"Network_Baseline": {"TCP_P2P": {"builds": {"1": items}, "job": "clearway", "version": "v1"}}}}
    return f"I0101 Starting\nI0101 Result: {json.dumps(shown, indent=1)}\nI0101 done\n"


def test_what_it_read_is_not_missing(tmp_path: Path) -> None:
    assert written(results(tmp_path)) == ITEMS
    assert missing(tmp_path, saying(ITEMS)) == []


def test_what_it_did_not_read_or_read_otherwise_is_missing(tmp_path: Path) -> None:
    results(tmp_path)
    assert missing(tmp_path, saying(ITEMS[:1])) == ITEMS[1:]
    assert missing(tmp_path, saying([{**ITEMS[0], "unit": "ms"}, ITEMS[1]])) == ITEMS[:1]


def test_it_is_made_to_look_for_names_with_dashes_and_any_test(tmp_path: Path) -> None:
    known = [("tcp", "1:1", "1:1"), ("tcp", "50:50", "N:M")] * 3
    path = tmp_path / PERFDASH / "config.go"
    path.parent.mkdir()
    path.write_text("".join(ENTRY.format(*one) for one in known))
    for mend in (RATIOS, TESTS):
        apply(mend, tmp_path)
    after = path.read_text()
    assert ":" not in after.replace("Name:", "").replace("Prefix:", "")
    assert after.count('Name:             ""') == after.count('Metrics_1-1_X_P2P"') * 2 == 6
