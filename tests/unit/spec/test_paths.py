"""Paths and ladders in a spec: what is meant, and what is refused with its place and a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.report.wording import describe_error
from clearway.spec.load import dump_spec, load_spec, read_spec
from clearway.spec.problems import SpecError

LADDER = """\
version: 1
tests:
- name: rtt
  protocol: round-trip
  ladder: [host, pod, cluster-ip]
  repeats: {min: 6}
"""


def test_a_ladder_is_a_test_for_each_path_and_stays_one_when_it_is_written_down() -> None:
    spec = read_spec(LADDER)
    assert [(test.name, test.path) for test in spec.tests] == [
        ("rtt host", "host"),
        ("rtt pod", "pod"),
        ("rtt cluster-ip", "cluster-ip"),
    ]
    assert read_spec(dump_spec(spec)) == spec


REFUSED = {
    "path: road": "spec.not-one-of",
    "path: host\n  scope: same-node": "spec.path-within-node",
    "path: node-port\n  pairing: incast\n  server: node-1": "spec.path-of-many",
    "path: cluster-ip\n  pairing: all-to-all": "spec.path-of-many",
    "ladder: [pod, pod]\n  repeats: {min: 6}": "spec.rung-twice",
    "ladder: [pod]\n  repeats: {min: 6}": "spec.too-few",
    "ladder: [pod, host]\n  path: node-port\n  repeats: {min: 6}": "spec.path-beside-ladder",
}


@pytest.mark.parametrize(("fields", "code"), REFUSED.items())
def test_what_a_path_can_not_carry_is_refused_at_its_place_with_a_remedy(fields: str, code: str) -> None:
    text = f"version: 1\nworkers-per-node: 2\ntests:\n- name: bulk\n  protocol: tcp\n  {fields}\n"
    with pytest.raises(SpecError) as refused:
        read_spec(text, "cat.yaml")
    (problem,) = refused.value.problems
    assert problem.code == code
    assert problem.place.line is not None
    assert problem.place.line >= 6
    said = describe_error(refused.value, "en")
    assert f"cat.yaml:{problem.place.line}:" in said


def test_a_ladder_has_repeats_enough_for_an_interval() -> None:
    for asked, least in (("min: 1", 6), ("min: 3, max: 4", 6), ("min: 12", 12)):
        spec = read_spec(LADDER.replace("min: 6", asked))
        assert {(test.repeats.min, test.repeats.max >= least) for test in spec.tests} == {(least, True)}


def test_a_ladder_of_datagrams_is_refused() -> None:
    with pytest.raises(SpecError) as refused:
        read_spec(LADDER.replace("round-trip", "udp\n  rate: 10 Mbit/s"))
    assert {problem.code for problem in refused.value.problems} == {"spec.not-applicable"}


@pytest.mark.parametrize(("fields", "column"), [("path: cluster-ip", 9), ("ladder: [host, pod]", 11)])
def test_where_there_are_no_pods_a_path_is_refused_before_anything_is_created(
    fields: str, column: int, tmp_path: Path
) -> None:
    file = tmp_path / "cat.yaml"
    file.write_text(
        f"version: 1\ntests:\n- name: bulk\n  protocol: tcp\n  repeats: {{min: 6}}\n  {fields}\n", encoding="utf-8"
    )
    assert load_spec(file).tests
    with pytest.raises(SpecError) as refused:
        load_spec(file, pods=False)
    (problem,) = refused.value.problems
    assert (problem.code, problem.place.line, problem.place.column) == ("spec.path-needs-cluster", 6, column)
    assert "--kubeconfig" in describe_error(refused.value, "en")
