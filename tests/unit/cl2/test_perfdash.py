"""What perfdash relies on to find our results, read them, and show a line over many builds."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from clearway.cl2.measurements.network.figures import FIGURES, items
from clearway.cl2.measurements.network.request import NetworkStartParameters
from clearway.cl2.names import safe, summary_name
from clearway.cl2.perf_data import perf_data
from unit.cl2.test_network import GBIT, record_of, start

VALUES = {"TCP": GBIT, "UDP": 0.01, "HTTP": 0.004}
FORGOTTEN = {"Count", "SlowCount"}
"""Labels that it takes away as it reads."""


def results(protocol: str, pairs: int) -> Any:
    """PerfData of so many pairs, as it stands in the file."""
    wanted: NetworkStartParameters = start(protocol, clients=pairs)
    data = perf_data(items(record_of(wanted, *[VALUES[protocol]] * pairs), wanted))
    return json.loads(json.dumps(data))


@pytest.fixture(params=[("TCP", 1), ("TCP", 3), ("UDP", 1), ("UDP", 3), ("HTTP", 1), ("HTTP", 3)], ids=str)
def found(request: pytest.FixtureRequest) -> Any:
    return results(*request.param)


@pytest.mark.parametrize(("ratio", "test"), [("1:1", "tcp-1:1"), ("N:M", "tcp-50:50")])
def test_a_file_is_found_by_the_beginning_of_its_name(ratio: str, test: str) -> None:
    """It looks for prefix, underscore, test and identifier; what comes after the next underscore it ignores."""
    name = summary_name(f"NetworkPerformanceMetrics_{ratio}_TCP_P2P", "network_performance", test, 0.0, "json")
    looked_for = f"NetworkPerformanceMetrics_{ratio}_TCP_P2P_network_performance_{test}"
    assert name.startswith(f"{safe(looked_for)}_")


def test_builds_are_read_only_while_their_version_is_one() -> None:
    """A build of another version than the first one's is passed over without a word."""
    assert {results(protocol, 1)["version"] for protocol in VALUES} == {"v1"}


def test_figures_are_numbers_and_everything_else_is_text(found: Any) -> None:
    """One value of another type, and the whole file counts as unreadable."""
    assert found.keys() == {"version", "dataItems"}
    for item in found["dataItems"]:
        assert item.keys() == {"data", "unit", "labels"}
        assert {type(value) for value in item["data"].values()} <= {int, float}
        assert isinstance(item["unit"], str)
        assert {type(value) for value in item["labels"].values()} == {str}


def test_every_item_can_be_chosen_on_its_page(found: Any) -> None:
    """It offers each label that any item has, and shows only items that have the chosen value of each."""
    keys = {frozenset(item["labels"]) for item in found["dataItems"]}
    assert len(keys) == 1
    assert not FORGOTTEN & set().union(*keys)


def test_no_two_items_of_a_build_are_one_line(found: Any) -> None:
    """Two points of one build would push the later builds of a line out of their places."""
    lines = Counter(tuple(sorted(item["labels"].items())) for item in found["dataItems"])
    assert set(lines.values()) == {1}


def test_a_metric_keeps_its_unit(found: Any) -> None:
    """A line has one scale, that of the last item."""
    known = {figure.name: figure.unit for figures in FIGURES.values() for figure in figures}
    assert {(item["labels"]["Metric"], item["unit"]) for item in found["dataItems"]} <= set(known.items())


def test_a_build_without_data_is_an_empty_list_and_no_zero() -> None:
    wanted = start()
    assert perf_data(items(record_of(wanted, None), wanted)) == {"version": "v1", "dataItems": []}
