"""Counters of protocols and neighbours, from tables as the kernel prints them."""

from __future__ import annotations

from clearway.probe.measurement import UNANSWERED
from clearway.worker import neighbours, protocols

_SNMP = """Tcp: ActiveOpens RetransSegs InErrs InCsumErrors
Tcp: 12 7 5 4
Udp: InDatagrams InCsumErrors
Udp: 100 3
"""
_ARP = """IP address       HW type     Flags       HW address            Mask     Device
10.0.0.2         0x1         0x2         02:00:00:00:00:02     *        eth0
10.0.0.3         0x1         0x0         00:00:00:00:00:00     *        eth0
10.0.0.4         0x1         0x6         02:00:00:00:00:04     *        eth0
"""


def test_a_table_names_each_counter_by_its_protocol() -> None:
    assert dict(protocols.of_table(_SNMP))["Tcp.InCsumErrors"] == 4
    assert dict(protocols.of_table("")) == {}


def test_this_machines_counters_that_explain_failures_are_known() -> None:
    found = protocols.totals()
    assert {"tcp.syn-retransmits", "tcp.checksum-errors", "tcp.listen-overflows"} <= found.keys()


def test_a_neighbour_has_the_address_that_packets_are_sent_to() -> None:
    assert neighbours.in_table(_ARP, "10.0.0.2") == "02:00:00:00:00:02"
    assert neighbours.in_table(_ARP, "10.0.0.4") == "02:00:00:00:00:04"


def test_a_neighbour_that_did_not_answer_is_known_from_one_that_is_not_there() -> None:
    assert neighbours.in_table(_ARP, "10.0.0.3") == UNANSWERED
    assert neighbours.in_table(_ARP, "10.0.0.9") is None
    assert neighbours.in_table("", "10.0.0.2") is None
