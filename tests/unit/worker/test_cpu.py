"""What the CPUs of a worker were busy with."""

from __future__ import annotations

import os

import pytest

from clearway.worker import counters, cpu
from clearway.worker.cpu import CpuTicks

_BEFORE = """cpu  1000 0 0 9000 0 0 0 0 0 0
cpu0 100 0 0 900 0 0 0 0 0 0
cpu1 100 0 0 900 0 0 0 0 0 0
cpu2 100 0 0 900 0 0 0 0 0 0
intr 12345 0 0
"""
_AFTER = """cpu  1400 0 0 9300 0 0 0 100 0 0
cpu0 170 10 10 900 0 5 5 0 70 0
cpu1 100 0 0 950 30 0 0 20 0 0
cpu2 100 0 0 1000 0 0 0 0 0 0
intr 23456 0 0
"""


def of(*names: str) -> list[CpuTicks]:
    ours = frozenset(names)
    return list(cpu.used(cpu.of_stat(_BEFORE, ours), cpu.of_stat(_AFTER, ours)))


def test_only_the_cpus_that_the_worker_may_use_are_counted() -> None:
    """One busy core of three is a third, and all of it where the worker has no other."""
    assert cpu.share(of("cpu0", "cpu1", "cpu2"), lambda one: one.busy) == pytest.approx(1 / 3)
    assert cpu.share(of("cpu0"), lambda one: one.busy) == 1.0
    assert cpu.share(of("cpu1", "cpu2"), lambda one: one.busy) == 0.0


def test_time_that_a_hypervisor_took_is_steal_and_not_busy() -> None:
    (stolen,) = of("cpu1")
    assert stolen == CpuTicks(busy=0, steal=20, all=100)


def test_the_busiest_core_is_seen_among_idle_ones() -> None:
    assert cpu.most(of("cpu0", "cpu1", "cpu2"), lambda one: one.busy) == 1.0


def test_cpus_that_can_not_be_read_have_no_share() -> None:
    assert cpu.share(of("cpu7"), lambda one: one.busy) is None
    assert cpu.most([], lambda one: one.busy) is None
    assert list(cpu.used({"cpu0": CpuTicks(1, 0, 5)}, {"cpu0": CpuTicks(1, 0, 5)})) == []


def test_the_machines_own_counters_are_read() -> None:
    before = counters.read()
    assert set(before.cpus) == {f"cpu{number}" for number in os.sched_getaffinity(0)}
    after = counters.read()
    while sum(one.all for one in after.cpus.values()) == sum(one.all for one in before.cpus.values()):
        after = counters.read()
    found = counters.between(before, after, None)
    assert found.cpu_busy is not None
    assert found.cpu_busiest is not None
    assert found.cpu_steal is not None
    assert 0 <= found.cpu_busy <= found.cpu_busiest <= 1
    assert 0 <= found.cpu_steal <= 1
