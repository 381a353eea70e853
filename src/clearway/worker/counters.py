"""Counters of the kernel around a probe: what this worker's CPUs, sockets and cgroup went through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Mapping, Optional

from clearway.base.units import Duration
from clearway.probe.measurement import Counters
from clearway.worker import cgroup, cpu, devices, nic_counters, protocols
from clearway.worker.cgroup import text_of
from clearway.worker.cpu import CpuTicks

_NANOSECOND, _MICROSECOND = 1e-9, 1e-6


@dataclass(frozen=True)
class CounterTotals:
    """Running totals at one moment; None where this machine does not have it."""

    cpus: Mapping[str, CpuTicks]
    """Of the CPUs that the worker may use."""
    snmp: Dict[str, int]
    throttled: Optional[float]
    """Seconds."""
    oom_kills: Optional[int]
    network: Optional[Dict[str, int]]


def read() -> CounterTotals:
    return CounterTotals(cpu.ticks(), _snmp(), _throttled(), _oom_kills(), _network())


def between(before: CounterTotals, after: CounterTotals, tool_cpu: Optional[float]) -> Counters:
    """What happened from one reading to the other."""
    used = cpu.used(before.cpus, after.cpus)
    return Counters(
        cpu_busy=cpu.share(used, lambda one: one.busy),
        cpu_busiest=cpu.most(used, lambda one: one.busy),
        cpu_softirq=cpu.most(used, lambda one: one.softirq),
        cpu_steal=cpu.share(used, lambda one: one.steal),
        tool_cpu=tool_cpu,
        udp_rcvbuf_errors=_rise(before, after, "Udp.RcvbufErrors"),
        udp_checksum_errors=_rise(before, after, "Udp.InCsumErrors"),
        udp_sndbuf_errors=_rise(before, after, "Udp.SndbufErrors"),
        udp_received=_rise(before, after, "Udp.InDatagrams"),
        tcp_retransmits=_rise(before, after, "Tcp.RetransSegs"),
        throttled=_difference(before.throttled, after.throttled),
        oom_kills=None if before.oom_kills is None or after.oom_kills is None else after.oom_kills - before.oom_kills,
        network=devices.risen(before.network, after.network),
    )


def _snmp() -> Dict[str, int]:
    """`Udp.RcvbufErrors` and the like; IPv6's UDP, which the kernel keeps apart, is added in."""
    found = dict(protocols.of_table(text_of("/proc/self/net/snmp") or ""))
    for line in (text_of("/proc/self/net/snmp6") or "").splitlines():
        name, value = line.split()
        if name.startswith("Udp6"):
            found[f"Udp.{name[4:]}"] = found.get(f"Udp.{name[4:]}", 0) + int(value)
    return found


def _network() -> Optional[Dict[str, int]]:
    of_drivers = {
        f"{device}.nic.{name}": count
        for device in devices.names()
        for name, count in nic_counters.totals(device).items()
    }
    return {**devices.totals(), **protocols.totals(), **of_drivers} or None


def _rise(before: CounterTotals, after: CounterTotals, name: str) -> Optional[int]:
    if name not in before.snmp or name not in after.snmp:
        return None
    return after.snmp[name] - before.snmp[name]


def _difference(before: Optional[float], after: Optional[float]) -> Optional[Duration]:
    return None if before is None or after is None else Duration(after - before)


def _throttled() -> Optional[float]:
    """Time that the cgroup's CPU limit held this worker back: cgroup v2 counts microseconds, v1 nanoseconds."""
    for key, scale, text in (
        ("throttled_usec", _MICROSECOND, cgroup.read("", "cpu.stat")),
        ("throttled_time", _NANOSECOND, cgroup.read("cpu", "cpu.stat")),
    ):
        if text is not None and (value := _field(text, key)) is not None:
            return value * scale
    return None


def _oom_kills() -> Optional[int]:
    """None where others live in the same cgroup: the counter does not say whose process was killed."""
    for controller, name in (("", "memory.events"), ("memory", "memory.oom_control")):
        text = cgroup.read(controller, name)
        if text is not None and (value := _field(text, "oom_kill")) is not None:
            return value if cgroup.is_ours(controller) else None
    return None


def _field(text: str, name: str) -> Optional[int]:
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return None
