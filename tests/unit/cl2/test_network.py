"""Network tests: asked for in ClusterLoader2's words, measured in clearway's, told in ClusterLoader2's again."""

from __future__ import annotations

from typing import Any

import pytest

from clearway.base.errors import SiteError
from clearway.base.units import Duration, Rate
from clearway.cl2.measurements.network.figures import items
from clearway.cl2.measurements.network.request import NetworkStartParameters, spec_of
from clearway.cl2.names import summary_name
from clearway.cl2.settings import SettingsName
from clearway.ledger.record import Record
from clearway.plan.schedule import make_plan
from clearway.probe.records import Inventory, Outcome
from making import after, inventory, measured, planned, void

GBIT = 1e9


def start(protocol: str = "TCP", clients: int = 1, servers: int | None = None, **how: Any) -> NetworkStartParameters:
    data = {"protocol": protocol, "numberOfClients": clients, "numberOfServers": servers or clients, "duration": "10s"}
    return NetworkStartParameters.model_validate({**data, **how}, by_alias=True, by_name=False)


def pairs_of(
    wanted: NetworkStartParameters, nodes: Inventory, settings: SettingsName = "clearway"
) -> set[tuple[str, str]]:
    plan = make_plan(spec_of(wanted, settings, nodes, "test"), nodes)
    (round_,) = plan.rounds
    assert plan.findings == () or all(finding.code != "plan.not-covered" for finding in plan.findings)
    return {(probe.pair[0].node, probe.pair[1].node) for probe in round_.probes}


@pytest.mark.parametrize(("count", "nodes"), [(1, 2), (1, 9), (10, 6), (10, 2), (50, 6), (3, 3), (7, 5)])
def test_so_many_clients_make_so_many_pairs_at_once_each_on_two_nodes(count: int, nodes: int) -> None:
    wanted, there = start(clients=count), inventory(nodes)
    (round_,) = make_plan(spec_of(wanted, "clearway", there, "test"), there).rounds
    assert len({probe.pair for probe in round_.probes}) == count
    assert len({slot for probe in round_.probes for slot in probe.pair}) == 2 * count
    assert all(sender != receiver for sender, receiver in pairs_of(wanted, there))


@pytest.mark.parametrize(("clients", "nodes"), [(2, 3), (5, 6), (9, 3), (5, 2)])
def test_many_clients_send_to_the_one_servers_node(clients: int, nodes: int) -> None:
    wanted, there = start(clients=clients, servers=1), inventory(nodes)
    (round_,) = make_plan(spec_of(wanted, "clearway", there, "test"), there).rounds
    assert (wanted.ratio, len(round_.probes)) == ("N:1", clients)
    assert len({receiver for _, receiver in pairs_of(wanted, there)}) == 1
    assert len({sender for sender, _ in pairs_of(wanted, there)}) == min(clients, nodes - 1)


def test_one_node_is_no_network_and_too_many_pairs_are_too_many() -> None:
    with pytest.raises(SiteError) as caught:
        spec_of(start(), "clearway", inventory(1), "test")
    assert caught.value.code == "kubernetes.too-few-machines"
    with pytest.raises(SiteError) as caught:
        spec_of(start(clients=100), "clearway", inventory(2), "test")
    assert caught.value.code == "door.too-few-nodes"


def test_settings_are_clearways_or_those_of_clusterloader2_and_params_go_before_both() -> None:
    def test_of(settings: SettingsName, protocol: str, **how: Any) -> Any:
        return spec_of(start(protocol, **how), settings, inventory(2), "test").tests[0]

    ours, theirs = test_of("clearway", "TCP"), test_of("clusterloader2", "TCP")
    assert (ours.streams, ours.warm_up, theirs.streams, theirs.warm_up) == (8, Duration(2), 1, Duration(0))
    assert test_of("clusterloader2", "UDP").rate == Rate(786_432_000)
    assert test_of("clusterloader2", "TCP", streams=3).streams == 3
    assert test_of("clearway", "UDP", rate="1 Gbit/s").rate == Rate(1e9)


def record_of(wanted: NetworkStartParameters, *values: float | None) -> Record:
    """As many nodes as are needed; a pair without a value came to nothing."""
    there = inventory(2 * wanted.number_of_clients)
    spec = spec_of(wanted, "clearway", there, "test")
    record = planned(spec, there)
    by_probe = dict(zip((probe.id for probe in record.plan[0].probes), values, strict=True))

    def answer(round_: Any, probe: Any) -> Any:
        value = by_probe[probe.id]
        return void(round_, probe, Outcome.TOOL_FAILED) if value is None else measured(round_, probe, value)

    return after(record, record.plan, answer)


def test_one_pair_has_one_value_in_the_units_of_clusterloader2() -> None:
    whole, pair = items(record_of(start(), 8 * 1024 * 1000.0), start())
    assert dict(whole.data) == pytest.approx({"Value": 1000.0})
    assert whole.unit == "kbytes/sec"
    nodes = {"Sender": "node-1/0", "Receiver": "node-2/0"}
    assert whole.labels == {"Metric": "Throughput", "Protocol": "TCP", "Ratio": "1:1", **nodes, "Over": "pairs"}
    assert pair.data.keys() == {"Mean", "Perc05", "Perc50", "Perc95", "Perc99"}


def test_several_pairs_have_percentiles_over_pairs_and_a_mean() -> None:
    wanted = start(clients=4)
    whole, *pairs = items(record_of(wanted, *(8 * 1024.0 * n for n in (1, 2, 3, 10))), wanted)
    assert whole.data == {"Perc05": 1.0, "Perc50": 2.0, "Perc95": 10.0, "Mean": 4.0}
    all_nodes = {"Sender": "all", "Receiver": "all", "Over": "pairs"}
    assert whole.labels == {"Metric": "Throughput", "Protocol": "TCP", "Ratio": "N:M", **all_nodes}
    assert len(pairs) == 4


def test_loss_is_in_per_cent_and_time_in_seconds() -> None:
    udp = {item.labels["Metric"]: item for item in items(record_of(start("UDP"), 0.01), start("UDP"))}
    assert dict(udp["Lost_Packets"].data) == pytest.approx({"Mean": 1.0})
    assert udp["Jitter"].unit == "ms"
    assert "Latency" not in udp
    (http, _) = items(record_of(start("HTTP"), 0.004), start("HTTP"))
    assert http.data["Value"] == pytest.approx(0.004, rel=0.01)
    assert http.unit == "seconds"


def test_what_was_not_measured_is_nowhere_and_never_zero() -> None:
    assert list(items(record_of(start(), None), start())) == []
    wanted = start(clients=2)
    whole, pair = items(record_of(wanted, GBIT, None), wanted)
    assert whole.data["Perc05"] == whole.data["Perc95"] > 0
    assert pair.labels["Over"] == "samples"


def test_a_name_has_no_sign_that_a_file_system_refuses() -> None:
    name = summary_name("NetworkPerformanceMetrics_1:1_TCP_P2P", "network/performance", "tcp-1:1", 0.0, "json")
    assert name == "NetworkPerformanceMetrics_1-1_TCP_P2P_network-performance_tcp-1-1_1970-01-01T00-00-00Z.json"
