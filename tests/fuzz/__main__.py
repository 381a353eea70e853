"""`make fuzz`: so many minutes for each reader; what is found is kept in a folder. Exit 1 if anything is.

PYTHONPATH=src:tests .venv/bin/python -m fuzz MINUTES SEED FOLDER [TARGET ...]
"""

from __future__ import annotations

import hashlib
import resource
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from random import Random

from fuzz.hunting import hunted
from fuzz.targets import TARGETS

IN_MEMORY = Path("/dev/shm")
"""Where an input that is a file is put: on a disk, opening it takes longer than reading it."""
ROOM = 500_000_000
"""Bytes of memory beyond what is taken before the first input."""


def main(minutes: str, seed: str, kept: str, *wanted: str) -> int:
    total = 0
    for name in wanted or TARGETS:
        target, until = TARGETS[name](), time.process_time() + float(minutes) * 60
        _limit_memory()
        with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
            count, found = hunted(target, Random(f"{name} {seed}"), Path(folder), partial(_is_time, until))
        print(f"{name}: {count:,} inputs, {len(found)} kinds of findings", flush=True)
        total += len(found)
        for one in found:
            place = Path(kept) / name / hashlib.sha256(one.content).hexdigest()[:12]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(one.content)
            print(f"  {one.why}: {place}", flush=True)
    return 1 if total else 0


def _is_time(until: float, count: int) -> bool:
    """Processor time: other work on the machine takes none of the inputs away."""
    return time.process_time() < until


def _limit_memory() -> None:
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, resource.RLIM_INFINITY))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
