"""Fields that are fine alone and make no sense together.

The checks look at the document, not at the model, so that they find everything even where single fields are wrong;
what can't be read is left to validation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from clearway.base.errors import ClearwayError
from clearway.base.units import Frequency
from clearway.engine.table import DEFAULT_ENGINES, ENGINES
from clearway.pairing.all_to_all import ALL_TO_ALL
from clearway.pairing.incast import INCAST
from clearway.probe.metrics import METRICS
from clearway.probe.paths import PATHS, TrafficPath
from clearway.spec.criteria import Criterion, parse_criterion
from clearway.spec.faults import Fault
from clearway.spec.fields import APPLIES, NEEDED, literals_in, written_fields
from clearway.spec.model import Test
from clearway.spec.problems import Path
from clearway.spec.types import parse_load

T = TypeVar("T")
RawTest = Mapping[str, Any]
_FIELDS = written_fields(Test)
_SELECTORS = ("when", *dict.fromkeys(rule.selector for rule in APPLIES.values()))
_WORDS = {field: literals_in(_FIELDS[field].annotation) for field in _SELECTORS}
"""By the fields whose word decides what the others mean."""


def contradictions(data: Any) -> Iterator[Fault]:
    """Every contradiction in a spec's document."""
    tests = data.get("tests") if isinstance(data, Mapping) else None
    if not isinstance(tests, list):
        return
    yield from _duplicate_names(tests)
    yield from _when_without_chaos(data, tests)
    for index, test in enumerate(tests):
        if isinstance(test, Mapping):
            if test.get("scope") == "same-node" and data.get("workers-per-node") in (None, "1"):
                yield Fault("spec.same-node-needs-workers", ("tests", index, "scope"))
            for check in _CHECKS:
                yield from check(test, ("tests", index))


def _duplicate_names(tests: list[Any]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, test in enumerate(tests):
        name = test.get("name") if isinstance(test, Mapping) else None
        if not isinstance(name, str):
            continue
        if first.setdefault(name, index) != index:
            yield Fault("spec.duplicate-name", ("tests", index, "name"), values={"first": f"tests.{first[name]}"})


def _when_without_chaos(data: Mapping[str, Any], tests: list[Any]) -> Iterator[Fault]:
    """Tests that wait for a failure which nothing before them brings about."""
    failed = False
    for index, test in enumerate(tests):
        when = _word(test, "when") if isinstance(test, Mapping) else None
        if when in (None, "whole"):
            continue
        path: Path = ("tests", index, "when")
        if data.get("chaos") is None:
            yield Fault("spec.when-needs-chaos", path, values={"when": when})
        elif when == "recovered" and not failed:
            yield Fault("spec.recovered-before-failing", path)
        failed = failed or when == "failing"


def _misplaced_fields(test: RawTest, path: Path) -> Iterator[Fault]:
    """Fields that mean nothing with the words chosen, and those that these words need."""
    for field, rule in APPLIES.items():
        selected = _word(test, rule.selector)
        if test.get(field) is not None and selected is not None and selected not in rule.values:
            values = {"field": field, "selector": rule.selector, "selected": selected, "only_for": rule.values}
            yield Fault("spec.not-applicable", (*path, field), values=values)
    for (selector, word), field in NEEDED.items():
        if _word(test, selector) == word and test.get(field) is None:
            yield Fault("spec.needs-key", path, values={"field": field, "selector": selector, "selected": word})


def _unable_engine(test: RawTest, path: Path) -> Iterator[Fault]:
    """An engine that does not measure the protocol, does not speak IPv6, or has no many flows."""
    named, protocol = ENGINES.get(str(test.get("engine"))), _word(test, "protocol")
    if named is not None and not named.many_flows and (_quiet(int, test.get("flows")) or 1) > 1:
        able = tuple(engine.name for engine in ENGINES.values() if engine.many_flows)
        yield Fault("spec.engine-without-flows", (*path, "flows"), values={"found": named.name, "able": able})
    if protocol is None:
        return
    engine = named if named is not None and protocol in named.protocols else DEFAULT_ENGINES.get(protocol)
    if named is not None and engine is not named:
        able = tuple(engine.name for engine in ENGINES.values() if protocol in engine.protocols)
        yield Fault("spec.engine-without-protocol", (*path, "engine"), able, values={"protocol": protocol})
    if test.get("family") == "ipv6" and engine is not None and not engine.ipv6:
        yield Fault("spec.engine-without-ipv6", (*path, "family"))


def _rate_of_wrong_kind(test: RawTest, path: Path) -> Iterator[Fault]:
    load, protocol = _quiet(parse_load, test.get("rate")), _word(test, "protocol")
    if load is None or protocol not in _RATE_EXAMPLES:
        return
    if isinstance(load, Frequency) != (protocol == "http"):
        yield Fault("spec.rate-of-wrong-kind", (*path, "rate"), _RATE_EXAMPLES[protocol], values={"protocol": protocol})


_RATE_EXAMPLES = {"udp": ("200 Mbit/s", "20 % of link"), "http": ("500/s",)}


def _idle_without_load(test: RawTest, path: Path) -> Iterator[Fault]:
    if _is_given(test, "against-idle") and not _is_given(test, "background"):
        yield Fault("spec.idle-without-background", (*path, "against-idle"))


def _is_given(test: RawTest, field: str) -> bool:
    """Whether it is there and switched on."""
    written = test.get(field)
    return written is not None and str(written).casefold() not in _OFF


_OFF = ("false", "no", "off", "f", "n", "0")
"""Words that a switch reads as false."""


def _repeats_out_of_order(test: RawTest, path: Path) -> Iterator[Fault]:
    repeats = test.get("repeats")
    if not isinstance(repeats, Mapping):
        return
    least, most = _quiet(int, repeats.get("min")), _quiet(int, repeats.get("max"))
    if least is not None and most is not None and most < least:
        yield Fault("spec.repeats-out-of-order", (*path, "repeats", "max"), values={"min": least, "max": most})


def _criterion_without_metric(test: RawTest, path: Path) -> Iterator[Fault]:
    lines, protocol = test.get("accept"), _word(test, "protocol")
    if not isinstance(lines, list) or protocol is None:
        return
    carried = tuple(name for name, metric in METRICS.items() if protocol in metric.protocols)
    for index, line in enumerate(lines):
        criterion: Criterion | None = _quiet(parse_criterion, line)
        if criterion is not None and criterion.metric.name not in carried:
            values = {"metric": criterion.metric.name, "protocol": protocol}
            yield Fault("criterion.not-measured", (*path, "accept", index), carried, values=values)
        elif criterion is not None and _is_given(test, "search") and criterion.metric.needs != "search":
            named = {"metric": criterion.metric.name}
            yield Fault("criterion.not-of-search", (*path, "accept", index), _FOUND_BY_SEARCH, values=named)
        elif criterion is not None and (field := criterion.metric.needs) is not None and not _is_given(test, field):
            values = {"metric": criterion.metric.name, "field": field}
            yield Fault("criterion.needs-field", (*path, "accept", index), values=values)


def _path_and_scope(test: RawTest, path: Path) -> Iterator[Fault]:
    """Within a node there is one worker in its own network; and a Service has few ports."""
    ways = _known_paths(test)
    if test.get("scope") == "same-node" and (hosts := tuple(way.name for way in ways if way.uses_host)):
        yield Fault("spec.path-within-node", (*path, "scope"), values={"paths": hosts})
    served, pairing = tuple(way.name for way in ways if way.service), _word(test, "pairing")
    if served and pairing in (INCAST.name, ALL_TO_ALL.name):
        values = {"paths": served, "pairing": pairing}
        yield Fault("spec.path-of-many", (*path, "pairing"), values=values)


def _ladder(test: RawTest, path: Path) -> Iterator[Fault]:
    rungs = test.get("ladder")
    if not isinstance(rungs, list):
        return
    if len(set(map(str, rungs))) < len(rungs):
        yield Fault("spec.rung-twice", (*path, "ladder"))
    if (way := test.get("path")) is not None and way not in rungs:
        yield Fault("spec.path-beside-ladder", (*path, "path"))


def _known_paths(test: RawTest) -> list[TrafficPath]:
    """The paths of a test, and the rungs of its ladder."""
    rungs = test.get("ladder")
    written = (test.get("path"), *(rungs if isinstance(rungs, list) else ()))
    return [PATHS[word] for word in written if isinstance(word, str) and word in PATHS]


def without_pods(data: Any) -> Iterator[Fault]:
    """What a site without pods and Services can't carry."""
    tests = data.get("tests") if isinstance(data, Mapping) else None
    for index, test in enumerate(tests if isinstance(tests, list) else ()):
        for field in ("path", "ladder") if isinstance(test, Mapping) else ():
            if test.get(field) is not None:
                yield Fault("spec.path-needs-cluster", ("tests", index, field))


_FOUND_BY_SEARCH = tuple(name for name, metric in METRICS.items() if metric.needs == "search")
"""Each attempt of a search has a rate of its own: other figures of it together say nothing."""


_CHECKS: tuple[Callable[[RawTest, Path], Iterator[Fault]], ...] = (
    _misplaced_fields,
    _unable_engine,
    _rate_of_wrong_kind,
    _idle_without_load,
    _repeats_out_of_order,
    _criterion_without_metric,
    _path_and_scope,
    _ladder,
)


def _word(test: RawTest, field: str) -> str | None:
    """The word chosen for a field, its default where it is left out, None where it is no such word."""
    default, word = _FIELDS[field].default, test.get(field)
    if word is None:
        return default if isinstance(default, str) else None
    return word if word in _WORDS[field] else None


def _quiet(parse: Callable[[str], T], text: Any) -> T | None:
    """The parsed text, or None where validation reports what is wrong with it."""
    if not isinstance(text, str):
        return None
    try:
        return parse(text)
    except (ClearwayError, ValueError):
        return None
