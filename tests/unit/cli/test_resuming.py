"""Two processes on one run directory: exactly one measures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from unit.cli import resuming

TRIES = 5
TESTS = Path(__file__).parents[2]


@pytest.mark.slow
def test_of_two_that_resume_at_once_exactly_one_measures(tmp_path: Path) -> None:
    command = [sys.executable, resuming.__file__, str(tmp_path), str(TRIES)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    tries = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(tries) == TRIES
    for one in tries:
        # The second one is refused, or comes when all is measured, and then judges again.
        assert one["codes"] in ([0, 2], [0, 0]), tries
        assert (one["once"], one["whole"], one["verdicts"]) == (True, True, one["codes"].count(0)), tries
