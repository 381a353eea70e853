"""The spec reference as Markdown, made of the models' own descriptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from clearway.probe.metrics import METRICS, Metric
from clearway.spec.criteria import GOOD_SIDE, SUMMABLE, limit_examples
from clearway.spec.describe import as_data, inline, written_as
from clearway.spec.fields import APPLIES, NEEDED, Model, literals_in, models_in, written_fields
from clearway.spec.load import load_profile, profile_names
from clearway.spec.model import Background, Chaos, Repeats, Search, Spec, Test

_INTRODUCTION = """\
# Spec reference

A spec is a YAML file of version 1. `clearway init` prints one to start from, `--set tests.bandwidth.duration=5s`
changes one value of it, `clearway plan` shows what it would do. All problems are reported together, each with
file, line and column.

Quantities always carry their unit. Rates are `bit/s`, `bps` or `B/s` with k, M, G, T (`B/s` also with Ki, Mi, Gi,
Ti); sizes `B` with the same; times `ns`, `us`, `ms`, `s`, `min` or `m`, `h`, also one after the other (`1m30s`);
shares `%`; numbers of events per second `/s` with k, M, G, T. What can be read in two ways (`5G`, `5 Gb`, `64K`, a
share of `0.1`) is refused. Text is never taken for something else: `yes`, `1e3` and `12:30:45` are names like any
other, where a name is wanted.
"""
_GRAMMAR = """\
## Criteria

    <metric> [statistic] (<=|>=) <limit> [for NN % of pairs | in total | per node]

- The statistic is taken inside a pair: over its requests, or over its intervals after the warm-up.
- Without a share, every pair has to hold. `in total` sums over all pairs, `per node` over the pairs that a node sends
  in; both only for {summable}.
- A limit of throughput may be `NN % of link`, except `in total`.
- `pNN` is any percentile. It needs 10/(1 - p) samples in a pair: 200 for p95, 1,000 for p99.
- A percentile of a metric where more is better is written over pairs instead: not `throughput p5 >= 5 Gbit/s` but
  `throughput >= 5 Gbit/s for 95 % of pairs`.
"""


def reference_markdown() -> str:
    """The whole of docs/spec-reference.md."""
    models = [_section(model) for model in (Spec, Test, Repeats, Search, Background, Chaos)]
    grammar = _GRAMMAR.format(summable=", ".join(SUMMABLE))
    return "\n".join((_INTRODUCTION, *models, grammar, _metrics(), _profiles()))


def _section(model: Model) -> str:
    rows = (_row(model, name, info) for name, info in written_fields(model).items())
    title = f"## {model.__name__}\n\n{model.__doc__}\n"
    return f"{title}\n{_table(('key', 'takes', 'left out', 'what and why'), rows)}"


def _row(model: Model, name: str, info: FieldInfo) -> tuple[str, ...]:
    condition = _only_for(name) if model is Test else ""
    return f"`{name}`", _kind(info), _left_out(info), f"{condition}{info.description}"


def _left_out(info: FieldInfo) -> str:
    default = _default(info)
    if info.is_required():
        return "not allowed"
    return "-" if default in (None, ()) else f"`{inline(default)}`"


def _only_for(name: str) -> str:
    if (rule := APPLIES.get(name)) is None:
        return ""
    needed = [word for (selector, word), field in NEEDED.items() if field == name and selector == rule.selector]
    also = f" (needed for {', '.join(needed)})" if needed else ""
    return f"*Only for {rule.selector} {', '.join(rule.values)}{also}.* "


def _metrics() -> str:
    heads = ("metric", "measured by", "statistics", "left out", "criterion, for example")
    return f"## Metrics\n\n{_table(heads, map(_metric_row, METRICS.values()))}"


def _metric_row(metric: Metric) -> tuple[str, ...]:
    statistic = "" if metric.default else "p95 "
    example = f"`{metric.name} {statistic}{GOOD_SIDE[metric.better]} {limit_examples(metric)[0]}`"
    left_out = metric.default or "has to be named"
    return f"`{metric.name}`", ", ".join(metric.protocols), ", ".join(metric.statistics), left_out, example


def _profiles() -> str:
    return f"## Built-in profiles\n\n{_table(('profile', 'test', 'criteria'), _profile_rows())}"


def _profile_rows() -> Iterator[tuple[str, ...]]:
    for name in profile_names():
        for test in load_profile(name).tests:
            criteria = ", ".join(f"`{criterion.text}`" for criterion in test.accept)
            yield f"`{name}`", test.name, criteria or "measured, not judged"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def _kind(info: FieldInfo) -> str:
    """What can be written there, in a few words of Markdown."""
    if words := literals_in(info.annotation):
        return ", ".join(f"`{word}`" for word in words)
    if written := written_as(info):
        return f"{written.kind}: {', '.join(f'`{example}`' for example in written.examples)}{_range(info)}"
    if model := next(models_in(info.annotation), None):
        several = "list of " if get_origin(info.annotation) is tuple else ""
        return f"{several}[{model.__name__}](#{model.__name__.lower()})"
    plain = next(name for kind, name in _PLAIN.items() if kind in (info.annotation, *get_args(info.annotation)))
    return f"{plain}{_range(info)}"


_PLAIN: dict[type, str] = {bool: "`true` or `false`", int: "whole number", str: "text"}


def _default(info: FieldInfo) -> Any:
    """What holds where nothing is written, as YAML would hold it; None: nothing does."""
    if info.is_required():
        return None
    return as_data(info.get_default(call_default_factory=True, validated_data={}))


def _range(info: FieldInfo) -> str:
    bounds = [text for bound in info.metadata if (text := _bound(bound))]
    return f"; {' and '.join(bounds)}" if bounds else ""


def _bound(bound: object) -> str | None:
    if isinstance(bound, Gt):
        return f"more than {as_data(bound.gt)}"
    if isinstance(bound, Ge):
        return f"at least {as_data(bound.ge)}"
    return f"at most {as_data(bound.le)}" if isinstance(bound, Le) else None
