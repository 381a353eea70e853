"""A worker notes for how long it was kept from running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

BEATING = """
import sys, time
from clearway.worker.heartbeat import Heartbeat
heartbeat = Heartbeat()
heartbeat.start()
print("ready", flush=True)
sys.stdin.readline()
time.sleep(0.2)
print(heartbeat.lost)
"""
STOPPED = 1.0


@pytest.mark.slow
def test_the_time_for_which_a_worker_was_stopped_is_counted() -> None:
    worker = subprocess.Popen([sys.executable, "-c", BEATING], stdin=-1, stdout=-1, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    os.kill(worker.pid, signal.SIGSTOP)
    begun = time.monotonic()
    time.sleep(STOPPED)
    stopped = time.monotonic() - begun
    os.kill(worker.pid, signal.SIGCONT)
    said, _ = worker.communicate("\n", timeout=30)
    assert float(said) >= stopped - 0.1
