"""Programs as a user calls them, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


def begin(*words: str, folder: Path | None = None, **variables: str) -> subprocess.Popen[str]:
    """Python with these words, in a folder (None: this one), with what can be imported here; the caller ends it."""
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def end_of(process: subprocess.Popen[str], within: float) -> Ended:
    """Waits for it. Raises TimeoutExpired; it does not outlive the call."""
    with process:
        try:
            out, err = process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Ended(process.returncode, out, err)
