"""Losses that nodes counted: told where they rose, once, and with whose network they are of."""

from __future__ import annotations

from dataclasses import replace

from clearway.campaign.conclusion import conclude
from clearway.diagnose.losses import loss_findings
from clearway.ledger.record import Record
from clearway.probe.measurement import Counters
from clearway.probe.records import Half, Observation
from clearway.report.text import TextReport
from unit.report.runs import RUNS


def with_losses(**network: int) -> Record:
    """A run in which the first result's worker counted these during its first round."""
    record = RUNS["accepted"].record
    first = record.results[0]
    counted = {name.replace("__", ".").replace("_", "-"): count for name, count in network.items()}
    results = [
        replace(one, counters=Counters(network=counted if one == first else {})) if one.counters is not None else one
        for one in record.results
    ]
    return replace(record, results=tuple(results))


def test_drops_are_reported_with_node_device_and_count() -> None:
    record = with_losses(eth0__rx_dropped=1204, softnet__processed=9, softnet__squeezed=3)
    (found,) = loss_findings(record)
    first = record.results[0]
    probe = next(probe for probe in record.plan[0].probes if probe.id == first.probe)
    node = (probe.server if first.half is Half.SERVE else probe.client).node
    assert (found.code, found.subject) == ("lost.rx-dropped", node)
    text = TextReport(width=300).render(conclude(record, "en"))
    assert f"{node} eth0 (pod network): 1,204 packets dropped on arrival during the run." in text


def test_the_halves_of_one_round_on_one_worker_count_the_same_drops_once() -> None:
    record = with_losses(eth0__rx_dropped=7)
    first = record.results[0]
    longer = replace(first, counters=Counters(network={"eth0.rx-dropped": 9}))
    (found,) = loss_findings(replace(record, results=(*record.results, longer)))
    assert found.values["count"] == "9"


def test_a_device_s_name_may_have_a_dot() -> None:
    (found,) = loss_findings(with_losses(eth0__7__tx_dropped=1))
    assert (found.code, found.values["device"]) == ("lost.tx-dropped", "eth0.7")


def test_a_run_without_losses_says_nothing_of_them() -> None:
    assert list(loss_findings(with_losses())) == []


def test_of_very_many_counters_the_largest_are_reported() -> None:
    record = with_losses(**{f"veth{number}__rx_dropped": number for number in range(1, 31)})
    *shown, last = loss_findings(record)
    assert (shown[0].values["count"], len(shown), last.values["count"]) == ("30", 20, 10)


def test_what_was_read_on_the_node_itself_is_reported_as_the_hosts_and_the_machine_is_counted_once() -> None:
    record = with_losses(softnet__dropped=3, eth0__rx_dropped=1)
    node = next(loss_findings(record)).subject
    outside = Observation("host-losses", node, 0.0, {"eth0.rx-dropped": 40, "softnet.dropped": 5})
    unread = Observation("host-not-read", node, 0.0, {"cause": "no shell for you"})
    found = list(loss_findings(replace(record, observations=(*record.observations, outside, unread))))
    assert [(one.code, one.values.get("network"), one.values.get("count")) for one in found] == [
        ("lost.rx-dropped", "host", "40"),
        ("lost.softnet-dropped", "host", "5"),
        ("lost.rx-dropped", "pod", "1"),
        ("lost.not-read", None, None),
    ]
