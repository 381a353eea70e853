"""What a lab spec means."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Duration, Rate, Ratio
from clearway.site.lab.model import LabSpec, Link, LinkException, dump_lab, lab_of
from clearway.spec.load import read_file, read_model
from clearway.spec.problems import SpecError


def problems(tmp_path: Path, text: str) -> list[tuple[str, int | None, int | None]]:
    file = tmp_path / "lab.yaml"
    file.write_text(text)
    with pytest.raises(SpecError) as refused:
        read_model(read_file(file), LabSpec)
    return [(problem.code, problem.place.line, problem.place.column) for problem in refused.value.problems]


def test_left_out_it_is_four_nodes_in_two_zones_at_a_gigabit() -> None:
    nodes = LabSpec().resolved()
    assert [(node.name, node.zone) for node in nodes] == [
        ("node-1", "zone-a"),
        ("node-2", "zone-a"),
        ("node-3", "zone-b"),
        ("node-4", "zone-b"),
    ]
    assert {node.link for node in nodes} == {Link(rate=Rate(1e9), loss=Ratio(0), mtu=1500, delay=None)}


@given(nodes=st.integers(2, 250), zones=st.integers(1, 26))
def test_zones_are_blocks_of_neighbours_that_differ_by_one_node_at_most(nodes: int, zones: int) -> None:
    found = [str(node.zone) for node in LabSpec(nodes=nodes, zones=zones).resolved()]
    assert found == sorted(found)
    sizes = [found.count(zone) for zone in set(found)]
    assert len(sizes) == min(nodes, zones)
    assert max(sizes) - min(sizes) <= 1


def test_without_zones_no_node_has_one() -> None:
    assert {node.zone for node in LabSpec(zones=None).resolved()} == {None}


def test_an_exception_changes_what_it_names_and_a_later_one_wins() -> None:
    lab = LabSpec(
        exceptions=(
            LinkException(node="node-3", rate=Rate(1e8), zone="zone-far"),
            LinkException(node="node-3", rate=Rate(2e8), delay=Duration(0.01)),
        )
    )
    third = lab.resolved()[2]
    assert (third.zone, third.link) == ("zone-far", Link(rate=Rate(2e8), delay=Duration(0.01)))
    assert [node.number for node in lab.resolved() if node.link.delay is not None] == [3]


def test_it_reads_from_yaml_as_people_write_it(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(
        "nodes: 4\nzones: 2\nlink: {rate: 1 Gbit/s, loss: 0 %}\nexceptions: [{node: node-3, rate: 100 Mbit/s}]\n"
    )
    assert read_model(read_file(file), LabSpec) == LabSpec(exceptions=(LinkException(node="node-3", rate=Rate(1e8)),))


def test_null_takes_the_rate_and_the_zones_away(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text("zones: null\nlink: {rate: null}\n")
    assert read_model(read_file(file), LabSpec) == LabSpec(zones=None, link=Link(rate=None))


def test_an_unknown_node_and_a_narrow_link_are_both_reported_with_their_places(tmp_path: Path) -> None:
    text = "nodes: 3\nip: 6\nexceptions:\n  - {node: node-9, rate: 1 Gbit/s}\n  - {node: node-2, mtu: 1000}\n"
    assert problems(tmp_path, text) == [("lab.unknown-node", 4, 12), ("lab.mtu-too-small", 5, 25)]


@pytest.mark.parametrize(
    "lab",
    [
        LabSpec(),
        LabSpec(nodes=64, zones=None, ip=6, link=Link(rate=None, loss=Ratio(1 / 3), mtu=9000, delay=Duration(1e-4))),
        LabSpec(exceptions=(LinkException(node="node-3", rate=Rate(123_456_789), zone="zone-far"),)),
    ],
)
def test_a_lab_that_was_written_reads_back_the_same(tmp_path: Path, lab: LabSpec) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(dump_lab(lab))
    assert lab_of(read_file(file)) == lab


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("link: {loss: 120 %}", "lab.loss-above-all"),
        ("ip: 5", "lab.unknown-family"),
        ("nodes: 1", "spec.too-small"),
        ("nodes: 251", "spec.too-big"),
        ("speed: 1 Gbit/s", "spec.unknown-key"),
        ("link: {rate: 1G}", "unit.ambiguous"),
        ("exceptions: [{rate: 1 Gbit/s}]", "spec.missing-key"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, code: str) -> None:
    assert [found for found, _, _ in problems(tmp_path, text)] == [code]
