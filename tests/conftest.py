"""What holds for every test: the language, the property tests' profiles, and that folders say what needs a lab."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

LAB = Path(__file__).parent / "lab"
OWN_FOLDERS = {"lab": LAB, "truth": LAB, "cluster": LAB.with_name("cluster")}
"""Where the tests of these marks are: `make test` looks for them nowhere else."""

os.environ.update(LC_ALL="C.UTF-8", LANGUAGE="en")

# What tests start inherits that nohup ignores a signal, and would not be ended by it. A handler is not inherited.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)

# Other work on the machine may slow an example down; how long one takes is no claim of ours.
settings.register_profile("thorough", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=10)
settings.load_profile("thorough")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(LAB):
            item.add_marker(pytest.mark.lab)
        for mark, folder in OWN_FOLDERS.items():
            if item.get_closest_marker(mark) and not item.path.is_relative_to(folder):
                raise pytest.UsageError(f"{item.nodeid} is marked {mark}: it belongs in {folder}")
