"""Counters and facts of devices, from tables as kernels print them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from clearway.probe.codec import of
from clearway.probe.measurement import Counters
from clearway.worker import counters, devices

PROC = Path(__file__).parents[2] / "golden" / "proc"
NET_DEV = (PROC / "dev").read_text(encoding="ascii")
SOFTNET = (PROC / "softnet_stat").read_text(encoding="ascii")
TRACKING = (PROC / "nf_conntrack").read_text(encoding="ascii")


def test_devices_show_what_they_dropped_and_damaged_both_ways() -> None:
    found = dict(devices.of_devices(NET_DEV))
    assert {name: count for name, count in found.items() if count} == {
        "eth0.rx-errors": 3,
        "eth0.rx-dropped": 1204,
        "eth0.tx-errors": 1,
        "eth0.tx-dropped": 2,
    }
    assert "eth1.7.rx-dropped" in found
    assert not any(name.startswith("lo.") for name in found)


def test_of_very_many_devices_only_the_first_are_read() -> None:
    many = NET_DEV + "".join(NET_DEV.splitlines()[3].replace("eth0", f"veth{number}") + "\n" for number in range(500))
    assert len(dict(devices.of_devices(many))) == 4 * 16


def test_softnet_and_connection_tracking_are_summed_over_the_cpus() -> None:
    assert dict(devices.of_softnet(SOFTNET)) == {
        "softnet.processed": 0x09BDAF83 + 0x09CE7A6E,
        "softnet.dropped": 2,
        "softnet.squeezed": 12,
    }
    assert dict(devices.of_tracking(TRACKING)) == {
        "conntrack.insert-failed": 1,
        "conntrack.drop": 17,
        "conntrack.early-drop": 2,
    }


def test_what_can_not_be_read_is_not_there() -> None:
    assert [dict(read("")) for read in (devices.of_devices, devices.of_softnet, devices.of_tracking)] == [{}, {}, {}]
    assert devices.risen(None, {"eth0.rx-dropped": 1}) is None
    assert devices.facts("no-such-device").keys() <= {"conntrack-count", "conntrack-max"}


def test_only_what_rose_is_reported_and_a_device_made_anew_is_left_out() -> None:
    before = {"eth0.rx-dropped": 10, "eth0.tx-dropped": 5, "eth1.rx-dropped": 900}
    after = {"eth0.rx-dropped": 1214, "eth0.tx-dropped": 5, "eth1.rx-dropped": 2, "eth2.rx-dropped": 7}
    assert devices.risen(before, after) == {"eth0.rx-dropped": 1204}


def test_this_machine_s_kernel_shows_and_the_ledger_keeps_it() -> None:
    before = counters.read()
    assert before.network is not None
    assert "softnet.processed" in before.network
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(1000):
            sender.sendto(bytes(10), ("127.0.0.1", 9))
        os.sched_yield()
    seen = counters.between(before, counters.read(), None)
    assert seen.network is not None
    assert seen.network["softnet.processed"] > 0
    assert of(Counters).decode(of(Counters).encode(seen)) == seen
    assert of(Counters).decode({}) == Counters()
