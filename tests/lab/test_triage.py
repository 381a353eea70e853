"""`clearway triage` on a sound road and on a slow one: an answer in a sentence that is true."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

LAB = """
nodes: 3
zones: 1
link: {rate: 400 Mbit/s}
exceptions: [{node: node-3, rate: 40 Mbit/s}]
"""
ONE_WAY = [
    word
    for name in ("idle against loaded", "loss", "eight flows", "one flow")
    for word in ("--set", f"tests.{name}.direction=forward")
]
"""To be through in half of the time."""
BULK = "{name: eight flows, protocol: tcp, direction: forward, duration: 2s, accept: [throughput >= 100 Mbit/s]}"


def triage(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the answer. A busy machine makes attempts void: there are enough of them."""
    lab = folder / "lab.yaml"
    lab.write_text(LAB)
    flags = ("--lab-file", str(lab), "--set", "attempts=6", "--json", "--quiet")
    argv = [sys.executable, "-m", "clearway", "triage", *words, *flags]
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=200, check=False, env=env)
    assert done.stdout, done
    answer: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, answer


def test_a_sound_road_is_not_accused_and_a_slow_one_is_named_with_its_rate(tmp_path: Path) -> None:
    code, sound = triage(tmp_path, "node-1", "node-2", "--report-dir", str(tmp_path / "sound"), *ONE_WAY)
    assert (code, sound["answer"], sound["signs"]) == (0, "application", []), sound["sentence"]
    assert "node-1 and node-2" in sound["sentence"]

    places = ("--baseline", str(tmp_path / "sound"), "--report-dir", str(tmp_path / "slow"))
    code, slow = triage(tmp_path, "node-1", "node-3", *places, "--set", f"tests=[{BULK}]")
    assert (code, slow["answer"], len(slow["signs"])) == (1, "road", 1), slow["sentence"]
    found = re.search(r"(?:node-1 -> node-3|node-3 -> node-1), throughput \(mean\): ([\d.]+) Mbit/s", slow["sentence"])
    assert found is not None, slow["sentence"]
    assert float(found[1]) == pytest.approx(40, rel=0.1)
