"""A controller that is killed (SIGKILL) at any file that it writes: from the first one to the last report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from unit.cli import dying

STEP = 9
"""Of about 70 files; 1 takes a minute."""


@pytest.mark.slow
@pytest.mark.fault(
    "controller",
    "the controller is killed at any file that it writes",
    "`clearway run --resume DIR` comes to the verdict; before the run began it says so (exit 3).",
)
def test_a_run_that_is_killed_at_any_file_is_resumed_to_its_verdict(tmp_path: Path) -> None:
    command = [sys.executable, dying.__file__, str(tmp_path), str(STEP)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=55)
    runs = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(runs) > 5
    begun = ["manifest.json" in run["written"] for run in runs]
    assert {True, False} == set(begun)
    assert [(run["code"], run["whole"]) for run in runs] == [(0, True) if one else (3, False) for one in begun], runs
