"""A spec loads, or everything wrong with it is said at once, each with its place."""

from __future__ import annotations

import contextlib
import copy
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Duration, Frequency, Rate, Ratio
from clearway.spec.criteria import LinkShare
from clearway.spec.fields import written_fields
from clearway.spec.load import (
    dump_mapping,
    dump_spec,
    load_profile,
    load_spec,
    profile_names,
    read_file,
    read_model,
    read_spec,
)
from clearway.spec.model import Repeats, Spec, Test
from clearway.spec.problems import Problem, SpecError
from unit.spec.specs import raw_specs

GOOD: dict[str, Any] = {
    "version": 1,
    "tests": [
        {"name": "bulk", "protocol": "tcp", "duration": "5 s", "accept": ["throughput >= 5 Gbit/s"]},
        {"name": "web", "protocol": "http", "rate": "500/s", "accept": ["latency p99 <= 10 ms"]},
        {"name": "voice", "protocol": "udp", "rate": "20 % of link", "accept": ["loss <= 0.1 %"]},
    ],
}


def problems_of(text: str, *sets: str) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as refused:
        read_spec(text, "cat.yaml", sets)
    return refused.value.problems


def test_a_spec_is_read_into_typed_quantities() -> None:
    spec = read_spec(dump_mapping(GOOD))
    assert spec.tests[0].duration == Duration(5)
    assert spec.tests[1].rate == Frequency(500)
    assert spec.tests[2].rate == LinkShare(Ratio(0.2))
    assert spec.tests[0].engine_name == "iperf2"


def test_text_stays_text_where_a_name_is_wanted() -> None:
    spec = read_spec("version: 1\nname: 1e3\ntests: [{name: 12, protocol: tcp, isolated: yes}]\n")
    assert (spec.name, spec.tests[0].name, spec.tests[0].isolated) == ("1e3", "12", True)


@given(raw_specs())
def test_a_spec_that_is_written_down_loads_back_equal(raw: dict[str, Any]) -> None:
    spec = read_spec(yaml.safe_dump(raw, allow_unicode=True))
    assert read_spec(dump_spec(spec)) == spec


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("duration", f"{'9' * 30} min"),
        ("duration", "25 h"),
        ("warm-up", "2 h"),
        ("body", "1 TB"),
        ("rate", "1e400/s"),
        ("connections", "9" * 5000),
        ("pairs", "1e400"),
        ("streams", "\u0663"),
        ("sample", "1e4000000 %"),
        ("accept", "[errors <= 1e400]"),
        ("accept", f"[latency p99 <= {'9' * 400} ms]"),
        ("accept", "[latency p99.\u0663 <= 10 ms]"),
    ],
    ids=lambda text: text[:20],
)
def test_a_number_without_bound_is_refused_at_its_place(key: str, value: str) -> None:
    problems = problems_of(f"version: 1\ntests:\n- name: web\n  protocol: http\n  {key}: {value}\n")
    assert 5 in {problem.place.line for problem in problems}
    assert all(problem.place.column for problem in problems)


def test_an_index_without_bound_is_no_test() -> None:
    (problem,) = problems_of(dump_mapping(GOOD), f"tests.{'9' * 5000}.duration=5s")
    assert problem.code == "set.no-such-item"


def test_everything_wrong_is_said_at_once_in_reading_order_with_file_line_and_column() -> None:
    text = (
        "version: 2\n"
        "tests:\n"
        "  - name: voice\n"
        "    protocol: udp\n"
        "    rate: 5G\n"
        "    streams: 4\n"
        "    warm_up: 1s\n"
        "    name: again\n"
        "    accept:\n"
        "      - jitter >= 1 ms\n"
        "      - latency p99 <= 10 ms\n"
        "  - protocol: tpc\n"
        "    duration:\n"
    )
    found = [(problem.code, str(problem.place)) for problem in problems_of(text)]
    assert found == [
        ("spec.not-one-of", "cat.yaml:1:10"),
        ("unit.ambiguous", "cat.yaml:5:11"),
        ("spec.not-applicable", "cat.yaml:6:14"),
        ("spec.unknown-key", "cat.yaml:7:5"),
        ("yaml.duplicate-key", "cat.yaml:8:5"),
        ("criterion.wrong-way", "cat.yaml:10:9"),
        ("criterion.not-measured", "cat.yaml:11:9"),
        ("spec.missing-key", "cat.yaml:12:5"),
        ("spec.not-one-of", "cat.yaml:12:15"),
        ("spec.empty-value", "cat.yaml:13:14"),
    ]


def test_a_problem_says_what_was_found_what_is_allowed_and_what_was_probably_meant() -> None:
    (problem,) = problems_of("version: 1\ntests: [{name: a, protocol: tpc}]\n")
    assert problem.key == "tests.0.protocol"
    assert problem.found == "tpc"
    assert problem.allowed == ("tcp", "udp", "http", "round-trip")
    assert problem.suggestion == "tcp"


def test_a_misspelt_key_is_recognised() -> None:
    (problem,) = problems_of("version: 1\ntests: [{name: a, protocol: tcp, warmup: 1s}]\n")
    assert (problem.found, problem.suggestion) == ("warmup", "warm-up")


Plant = Callable[[dict[str, Any]], None]


def in_test(index: int, **fields: Any) -> Plant:
    """Put fields into one test of the good spec; `_` stands for `-`."""
    return lambda raw: raw["tests"][index].update({key.replace("_", "-"): value for key, value in fields.items()})


def at_top(**fields: Any) -> Plant:
    return lambda raw: raw.update({key.replace("_", "-"): value for key, value in fields.items()})


PLANTS: list[tuple[str, Plant]] = [
    ("spec.not-one-of", at_top(version=3)),
    ("spec.unknown-key", at_top(sead=4)),
    ("unit.ambiguous", at_top(link="10G")),
    ("spec.too-small", at_top(attempts=0)),
    ("unit.not-a-duration", at_top(gap=1)),
    ("spec.too-big", at_top(workers_per_node=65)),
    ("spec.not-a-whole-number", in_test(0, streams="many")),
    ("spec.not-applicable", in_test(0, rate="5 Gbit/s")),
    ("spec.not-applicable", in_test(0, background={})),
    ("spec.not-applicable", in_test(0, server="node-1")),
    ("spec.not-applicable", in_test(0, judge_cross_zone=True)),
    ("spec.too-small", in_test(0, duration="0 s")),
    ("spec.repeats-out-of-order", in_test(0, repeats={"min": 3, "max": 2})),
    ("spec.engine-without-protocol", in_test(0, engine="h2load")),
    ("criterion.percentile-of-higher", in_test(0, accept=["throughput p5 >= 5 Gbit/s"])),
    ("spec.rate-of-wrong-kind", in_test(1, rate="5 Mbit/s")),
    ("spec.not-applicable", in_test(1, datagram="1400 B")),
    ("spec.not-a-switch", in_test(1, isolated="perhaps")),
    ("spec.too-small", in_test(1, background={"streams": 0})),
    ("criterion.unknown-metric", in_test(1, accept=["latence p99 <= 10 ms"])),
    ("spec.same-node-needs-workers", in_test(1, scope="same-node")),
    ("spec.duplicate-name", in_test(2, name="bulk")),
    ("spec.needs-key", in_test(2, rate=None)),
    ("spec.needs-key", in_test(2, pairing="sample")),
    ("unit.not-a-size", in_test(2, datagram="long")),
    ("criterion.not-measured", in_test(2, accept=["latency p99 <= 10 ms"])),
    ("spec.not-a-list", in_test(2, repeats={"min": 1}, accept="loss <= 1 %")),
    ("spec.not-a-mapping", in_test(2, repeats=3)),
]
CLASHING = {"spec.same-node-needs-workers": "spec.too-big"}
"""With 65 workers per node, same-node has its workers."""


@given(st.sets(st.integers(0, len(PLANTS) - 1), min_size=1))
def test_as_many_problems_are_reported_as_were_planted(chosen: set[int]) -> None:
    plants = _apart([PLANTS[index] for index in sorted(chosen)])
    raw = copy.deepcopy(GOOD)
    for _, plant in plants:
        plant(raw)
    found = problems_of(dump_mapping(raw))
    assert Counter(problem.code for problem in found) == Counter(code for code, _ in plants)
    assert all(problem.place.line and problem.place.column for problem in found)


def _apart(plants: list[tuple[str, Plant]]) -> list[tuple[str, Plant]]:
    """Without those that would undo one planted before: they write to the same field."""
    kept: list[tuple[str, Plant]] = []
    for code, plant in plants:
        trial = [*kept, (code, plant)]
        if _written(trial) == sum(_written([one]) for one in trial) and CLASHING.get(code) not in dict(kept):
            kept = trial
    return kept


def _written(plants: list[tuple[str, Plant]]) -> int:
    """How many fields the plants write."""
    raw: dict[str, Any] = {"tests": [{}, {}, {}]}
    for _, plant in plants:
        plant(raw)
    return len(raw) - 1 + sum(len(test) for test in raw["tests"])


def test_more_repeats_at_least_raise_the_most() -> None:
    assert Repeats(min=9).max == 9
    assert Repeats().max == 6


@pytest.mark.parametrize(
    ("assignment", "read"),
    [
        ("seed=7", lambda spec: spec.seed == 7),
        ("tests.0.duration=7s", lambda spec: spec.tests[0].duration == Duration(7)),
        ("tests.bulk.duration=7s", lambda spec: spec.tests[0].duration == Duration(7)),
        ("tests.web.background={streams: 2}", lambda spec: spec.tests[1].background.streams == 2),
        ("tests.web.repeats.max=9", lambda spec: spec.tests[1].repeats == Repeats(min=1, max=9)),
        ("tests.bulk.accept=[throughput >= 1 Gbit/s]", lambda spec: len(spec.tests[0].accept) == 1),
        ("tests.bulk.accept.0=throughput >= 1 Gbit/s", lambda spec: spec.tests[0].accept[0].limit == Rate(1e9)),
        ("tests.web.rate=", lambda spec: spec.tests[1].rate is None),
        ("name=a=b", lambda spec: spec.name == "a=b"),
    ],
)
def test_set_changes_one_value(assignment: str, read: Callable[[Spec], bool]) -> None:
    assert read(read_spec(dump_mapping(GOOD), "cat.yaml", [assignment]))


def test_set_finds_a_test_whose_name_has_dots() -> None:
    raw = {"version": 1, "tests": [{"name": "v1.2 x", "protocol": "tcp"}]}
    assert read_spec(dump_mapping(raw), "x", ["tests.v1.2 x.streams=3"]).tests[0].streams == 3


@pytest.mark.parametrize(
    ("assignment", "code"),
    [
        ("seed", "set.no-equals"),
        ("=5", "set.no-equals"),
        ("tests.bulky.duration=5s", "set.no-such-item"),
        ("tests.7.duration=5s", "set.no-such-item"),
        ("tests.bulk.duration.x=5s", "set.nothing-below"),
        ("tests.bulk.durations=5s", "spec.unknown-key"),
        ("tests.bulk.duration=5", "unit.not-a-duration"),
        ("tests.bulk.accept=[throughput >= 5G]", "unit.ambiguous"),
        ("tests.bulk.repeats={min: 1, min: 2}", "yaml.duplicate-key"),
        ("tests.bulk.repeats={min", "yaml.syntax"),
        ("tests.web.streams=4", "spec.not-applicable"),
    ],
)
def test_a_bad_set_is_reported_with_itself_as_the_place(assignment: str, code: str) -> None:
    (problem,) = problems_of(dump_mapping(GOOD), assignment)
    assert problem.code == code
    assert problem.place.source == f"--set {assignment}"


def test_files_that_can_not_be_read_are_problems_too(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"version: 1\nname: caf\xe9\n")
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    (tmp_path / "list.yaml").write_text("- 1\n")
    codes = {}
    for name in ("latin.yaml", "empty.yaml", "list.yaml", "none.yaml", "."):
        with pytest.raises(SpecError) as refused:
            load_spec(tmp_path / name)
        codes[name] = refused.value.problems[0].code
    assert codes == {
        "latin.yaml": "spec.not-utf8",
        "empty.yaml": "spec.empty-file",
        "list.yaml": "spec.not-a-mapping",
        "none.yaml": "spec.file-missing",
        ".": "spec.file-is-folder",
    }


def test_a_spec_error_is_a_usage_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cat.yaml"
    path.write_text("version: 1\n")
    with pytest.raises(SpecError) as refused:
        load_spec(path)
    assert refused.value.exit_code == 2
    assert refused.value.values == {"count": 1, "source": str(path)}


def test_any_model_loads_with_the_same_care(tmp_path: Path) -> None:
    path = tmp_path / "repeats.yaml"
    path.write_text("min: 2\n")
    assert read_model(read_file(path), Repeats) == Repeats(min=2)
    assert read_model(read_file(path), Repeats, ["max=8"]) == Repeats(min=2, max=8)
    with pytest.raises(SpecError):
        read_model(read_file(path), Repeats, ["mix=8"])


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SpecError) as refused:
        load_profile("standart")
    (problem,) = refused.value.problems
    assert (problem.allowed, problem.suggestion) == (profile_names(), "standard")


WORDS = st.sampled_from(
    [
        *written_fields(Spec),
        *written_fields(Test),
        "min",
        "max",
        "tcp",
        "udp",
        "1",
        "5 s",
        "yes",
        "<<",
        "latency p99 <= 1 s",
    ]
)
WILD = st.recursive(
    st.none() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


@given(st.fixed_dictionaries({"version": st.just("1"), "tests": WILD | st.lists(WILD, min_size=1, max_size=3)}))
def test_any_file_is_read_or_refused_with_places(raw: dict[str, Any]) -> None:
    with contextlib.suppress(SpecError):
        assert read_spec(yaml.safe_dump(raw)).tests


@given(st.text(), st.text(), st.text())
def test_any_text_and_any_set_is_read_or_refused(text: str, key: str, value: str) -> None:
    with contextlib.suppress(SpecError):
        read_spec(text)
    with contextlib.suppress(SpecError):
        read_spec(dump_mapping(GOOD), "x", [f"{key}={value}", f"tests.{key}={value}", f"tests.bulk.{key}={value}"])


@pytest.mark.parametrize("text", ["", "[]", "just words"])
def test_changing_a_field_of_what_is_no_mapping_reports_the_document(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cat.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        load_spec(path, ["tests.0.duration=5s"])
    assert caught.value.problems[0].place.source == str(path)


ROUND_TRIPS = """
version: 1
tests:
- {{name: bloat, protocol: round-trip, {fields}}}
"""


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("against-idle: true", "spec.idle-without-background"),
        ('accept: ["rpm >= 1000"]', "criterion.needs-field"),
        ('background: {}, accept: ["added-delay p95 <= 5 ms"]', "criterion.needs-field"),
        ('background: {}, against-idle: no, accept: ["added-delay p95 <= 5 ms"]', "criterion.needs-field"),
    ],
)
def test_what_a_load_adds_needs_a_load_and_an_idle_road(fields: str, code: str) -> None:
    with pytest.raises(SpecError) as raised:
        read_spec(ROUND_TRIPS.format(fields=fields))
    assert [problem.code for problem in raised.value.problems] == [code]


def test_a_load_and_an_idle_road_are_enough() -> None:
    read_spec(ROUND_TRIPS.format(fields='background: {}, against-idle: yes, accept: ["added-delay p95 <= 5 ms"]'))
