"""A tool that met a limit of its host is named by it, also where the tool itself says nothing."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from clearway.probe.records import Reason
from clearway.worker.child import Child
from clearway.worker.own_limits import limit_met

_OPENS = (
    "import os, resource, time; resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit})); {then}; time.sleep(60)"
)
_UNTIL_FULL = """
while True:
    try:
        os.dup(0)
    except OSError:
        break
"""


def spawned(folder: Path, limit: int, then: str) -> Child:
    program = _OPENS.format(limit=limit, then=f"exec({then!r}); print('done', flush=True)")
    child = Child([sys.executable, "-c", program], folder, "tool")
    end = time.monotonic() + 30
    while "done" not in child.output()[0]:
        assert time.monotonic() < end
        time.sleep(0.01)
    return child


@pytest.mark.parametrize(("then", "code"), [(_UNTIL_FULL, "worker.no-descriptors"), ("pass", None)])
def test_a_tool_that_can_open_no_more_is_out_of_descriptors(tmp_path: Path, then: str, code: str | None) -> None:
    child = spawned(tmp_path, 32, then)
    try:
        child.look_at_descriptors()
        found = limit_met("tool", child)
    finally:
        child.end()
    assert (None if found is None else found.code) == code


def test_what_a_tool_says_of_its_host_is_the_limit(tmp_path: Path) -> None:
    child = Child(["sh", "-c", "echo connect failed: Cannot assign requested address >&2"], tmp_path, "tool")
    assert child.wait(time.monotonic() + 30, threading.Event())
    found = limit_met("tool", child)
    assert found == Reason("worker.no-ports", {"tool": "tool"})
