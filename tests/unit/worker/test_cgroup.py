"""Whose a cgroup is, by the processes in it."""

from __future__ import annotations

import os
import subprocess

import pytest

from clearway.worker import cgroup


def holding(monkeypatch: pytest.MonkeyPatch, *pids: int) -> None:
    monkeypatch.setattr(cgroup, "read", lambda controller, name: "".join(f"{pid}\n" for pid in pids))


def test_it_is_ours_with_all_that_we_started(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        holding(monkeypatch, os.getpid(), child.pid, grandchild)
        assert cgroup.is_ours("")
        os.kill(grandchild, 9)
    assert cgroup.is_ours(""), "who is gone was nobody's"


def test_a_process_of_another_parent_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    holding(monkeypatch, os.getpid(), os.getppid())
    assert not cgroup.is_ours("")


def test_a_process_from_outside_our_namespace_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    holding(monkeypatch, os.getpid(), 0)
    assert not cgroup.is_ours("")


def test_none_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "read", lambda controller, name: None)
    assert not cgroup.is_ours("")
