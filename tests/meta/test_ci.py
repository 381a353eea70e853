"""What runs on a change: `make check` and `make test`, both always, and the status is that of both."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from meta.tree import ROOT

MAKE = """#!/bin/sh
echo "$1" >>"{calls}"
echo "==== 3 passed in 0.10s ===="
case " {failing} " in *" $1 "*) echo "FAILED tests/some.py::test_of_$1"; exit 2;; esac
"""


def ci(folder: Path, failing: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """`.ci/run` with a `make` that only writes down what it is asked for; its result, and the targets in order."""
    make, calls = folder / "make", folder / "calls"
    make.write_text(MAKE.format(calls=calls, failing=failing))
    make.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    argv = [ROOT / ".ci" / "run"]
    ran = subprocess.run(argv, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    return ran, calls.read_text().split()


@pytest.mark.parametrize(("failing", "status"), [("", 0), ("check", 1), ("test", 1), ("check test", 1)])
def test_both_parts_run_and_each_decides_the_status(tmp_path: Path, failing: str, status: int) -> None:
    ran, calls = ci(tmp_path, failing)
    assert calls == ["check", "test"]
    assert ran.returncode == status
    summary = ran.stdout.partition("Summary:\n")[2].splitlines()
    for part in ("check", "test"):
        assert f"make {part}: {'FAILED' if part in failing.split() else 'passed'}" in summary
    assert sum(line.startswith("FAILED tests/") for line in summary) == len(failing.split())
