"""Sender by receiver: one map for each criterion. A bad node is a cross, a bad direction a row or a column."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median_low

from clearway.report.document import PairPart
from clearway.report.page.judged import JudgedCriterion, node_of
from clearway.report.page.scale import Scale
from clearway.report.page.voices import Text
from clearway.verdict.model import PairState, State

MOST_NODES = 60
"""Above, cells are too small to be read: the worst nodes are shown."""
_WORST_NODES = 20
_STEPS = (0.25, 0.5, 0.9, 1.0, 1.1, 1.5, 3.0)
"""Value by limit, or limit by value: between two of them a cell has one shade. The limit itself is in the middle."""
_SHADES = ("b4", "b3", "b2", "b1", "g1", "g2", "g3", "g4")
_LIMIT = _STEPS.index(1.0)


@dataclass(frozen=True, slots=True)
class MapCell:
    shade: str
    """`g1`-`g4` holds, `b1`-`b4` breaks, `u` undecided, `x` unreachable, `n` not planned, `s` the node itself."""
    text: str = ""
    tip: str = ""
    first_of_zone: bool = False


@dataclass(frozen=True, slots=True)
class MapRow:
    node: str
    cells: tuple[MapCell, ...]
    median: str
    is_bad: bool
    first_of_zone: bool


@dataclass(frozen=True, slots=True)
class MapHead:
    node: str
    short: str
    is_bad: bool
    first_of_zone: bool


@dataclass(frozen=True, slots=True)
class ZoneSpan:
    name: str
    count: int


@dataclass(frozen=True)
class HeatMap:
    title: Text
    state: State
    shape: Text
    unit: str
    limit: Text
    heads: tuple[MapHead, ...]
    zones: tuple[ZoneSpan, ...]
    rows: tuple[MapRow, ...]
    medians: tuple[str, ...]
    left_out: int
    """Nodes that are not shown."""
    by_zone: tuple[tuple[str, str, int, int, str], ...]
    """Sending and receiving zone, pairs, pairs that don't hold, median: where nodes are left out."""


_Cells = Mapping[tuple[str, str], PairPart]


def heat_map(one: JudgedCriterion) -> HeatMap | None:
    """None where the criterion is about no pairs."""
    cells = _worst_by_road(one.part.pairs)
    if not cells:
        return None
    zone_of = {node.name: node.zone or "" for node in one.voices.first.nodes}
    nodes = sorted({node for road in cells for node in road}, key=lambda node: (zone_of.get(node, ""), natural(node)))
    shown = nodes if len(nodes) <= MOST_NODES else _worst(nodes, cells)
    drawn = _Drawing(one, cells, shown, zone_of, _Bad.of(cells, nodes))
    return HeatMap(
        title=one.name,
        state=one.part.state,
        shape=_shape(one, drawn.bad),
        unit=drawn.scale.unit,
        limit=one.voices.say(f"page.limit-{'at-least' if one.is_floor else 'at-most'}", limit=one.part.limit),
        heads=drawn.heads,
        zones=drawn.zones,
        rows=tuple(drawn.row(node) for node in shown),
        medians=tuple(drawn.median(receiver=node) for node in shown),
        left_out=len(nodes) - len(shown),
        by_zone=() if len(shown) == len(nodes) else drawn.by_zone(),
    )


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """node-10 comes after node-9."""
    parts = re.split(r"([0-9]{1,18})", name)
    return tuple((int(part), "") if part.isdigit() and part.isascii() else (0, part) for part in parts)


def _worst_by_road(pairs: Iterable[PairPart]) -> _Cells:
    """Of several workers on a node the worst pair: the pairs come worst first."""
    found: dict[tuple[str, str], PairPart] = {}
    for pair in pairs:
        if pair.sender is not None and pair.receiver is not None:
            found.setdefault((node_of(pair.sender), node_of(pair.receiver)), pair)
    return found


def _worst(nodes: Sequence[str], cells: _Cells) -> list[str]:
    """The nodes whose pairs are the worst, in the order of the map."""
    chosen = dict.fromkeys(node for road in cells for node in road)
    worst = set(list(chosen)[:_WORST_NODES])
    return [node for node in nodes if node in worst]


@dataclass(frozen=True, slots=True)
class _Bad:
    """Nodes of which no measured pair holds: in both directions, or in one."""

    both: tuple[str, ...]
    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    broken: int
    pairs: int

    @classmethod
    def of(cls, cells: _Cells, nodes: Sequence[str]) -> _Bad:
        broken = sum(pair.standing is PairState.BREAKS for pair in cells.values())
        both = _broken_nodes(cells, nodes, (0, 1))
        senders, receivers = (
            tuple(node for node in _broken_nodes(cells, nodes, (side,)) if node not in both) for side in (0, 1)
        )
        return cls(both, senders, receivers, broken, len(cells))

    @property
    def all(self) -> frozenset[str]:
        return frozenset((*self.both, *self.senders, *self.receivers))


def _broken_nodes(cells: _Cells, nodes: Sequence[str], sides: Sequence[int]) -> tuple[str, ...]:
    """Nodes with a pair on each of these sides, two pairs at least, and none that does not break."""
    broken: dict[str, list[bool]] = defaultdict(list)
    on: dict[str, set[int]] = defaultdict(set)
    for road, pair in cells.items():
        for side in sides:
            broken[road[side]].append(pair.standing is PairState.BREAKS)
            on[road[side]].add(side)
    return tuple(node for node in nodes if on[node] == set(sides) and len(broken[node]) > 1 and all(broken[node]))


_NAMED = 3
"""Nodes that a sentence names."""


def _shape(one: JudgedCriterion, bad: _Bad) -> Text:
    """What the eye should see, in words."""
    say = one.voices.say
    if bad.broken == 0:
        return say("page.shape-none", count=bad.pairs)
    if bad.broken == bad.pairs:
        return say("page.shape-all", count=bad.pairs)
    for code, nodes in (("cross", bad.both), ("row", bad.senders), ("column", bad.receivers)):
        if 0 < len(nodes) <= _NAMED:
            return say(f"page.shape-{code}", nodes=", ".join(nodes), broken=bad.broken, count=bad.pairs)
    return say("page.shape-cells", broken=bad.broken, count=bad.pairs)


@dataclass(frozen=True)
class _Drawing:
    one: JudgedCriterion
    cells: _Cells
    nodes: Sequence[str]
    zone_of: Mapping[str, str]
    bad: _Bad

    @property
    def scale(self) -> Scale:
        return self.one.scale

    @property
    def heads(self) -> tuple[MapHead, ...]:
        return tuple(
            MapHead(node, short, self._stands_out(node), self._begins_zone(node))
            for node, short in zip(self.nodes, short_names(self.nodes), strict=True)
        )

    @property
    def zones(self) -> tuple[ZoneSpan, ...]:
        """None where there is only one."""
        names = [self.zone_of.get(node, "") for node in self.nodes]
        spans = tuple(ZoneSpan(name or "-", names.count(name)) for name in dict.fromkeys(names))
        return spans if len(spans) > 1 else ()

    def row(self, sender: str) -> MapRow:
        return MapRow(
            node=sender,
            cells=tuple(self._cell(sender, receiver) for receiver in self.nodes),
            median=self.median(sender=sender),
            is_bad=self._stands_out(sender),
            first_of_zone=self._begins_zone(sender),
        )

    def median(self, sender: str | None = None, receiver: str | None = None) -> str:
        """Of what a node sends or receives."""
        values = [
            pair.value.si
            for (sends, receives), pair in self.cells.items()
            if pair.value is not None and (sends == sender or receives == receiver)
        ]
        return self.scale.number(median_low(values)) if values else ""

    def by_zone(self) -> tuple[tuple[str, str, int, int, str], ...]:
        found: dict[tuple[str, str], list[PairPart]] = defaultdict(list)
        for (sender, receiver), pair in self.cells.items():
            found[self.zone_of.get(sender, "") or "-", self.zone_of.get(receiver, "") or "-"].append(pair)
        return tuple((*zones, len(pairs), *self._summed(pairs)) for zones, pairs in sorted(found.items()))

    def _summed(self, pairs: Sequence[PairPart]) -> tuple[int, str]:
        values = [pair.value.si for pair in pairs if pair.value is not None]
        bad = sum(pair.standing is not PairState.HOLDS for pair in pairs)
        return bad, self.scale.number(median_low(values)) if values else "-"

    def _stands_out(self, node: str) -> bool:
        return node in self.bad.all and self.bad.broken < self.bad.pairs

    def _begins_zone(self, node: str) -> bool:
        return node in self._first_of_zone

    @cached_property
    def _first_of_zone(self) -> frozenset[str]:
        """All but the first zone's."""
        return frozenset(
            node for before, node in pairwise(self.nodes) if self.zone_of.get(before, "") != self.zone_of.get(node, "")
        )

    def _cell(self, sender: str, receiver: str) -> MapCell:
        border = self._begins_zone(receiver)
        if sender == receiver:
            return MapCell("s", first_of_zone=border)
        pair = self.cells.get((sender, receiver))
        if pair is None:
            return MapCell("n", "·", first_of_zone=border)
        text = "?" if pair.value is None else self.scale.number(pair.value.si)
        shown = "-" if pair.value is None else self.one.shown(pair.value)
        tip = f"{sender} → {receiver}: {shown}"
        if pair.value is None and pair.standing is PairState.BREAKS:
            return MapCell("x", "×", tip, border)
        return MapCell(_shade(pair, self.one), text, tip, border)


def _shade(pair: PairPart, one: JudgedCriterion) -> str:
    if pair.standing is PairState.UNDECIDED:
        return "u"
    step = (
        _LIMIT + 1
        if pair.value is None or pair.limit is None
        else _step(pair.value.si, pair.limit.si, is_floor=one.is_floor)
    )
    return _SHADES[max(step, _LIMIT + 1) if pair.standing is PairState.HOLDS else min(step, _LIMIT)]


def _step(value: float, limit: float, *, is_floor: bool) -> int:
    above, below = (value, limit) if is_floor else (limit, value)
    return len(_STEPS) if below <= 0 else sum(above / below >= step for step in _STEPS)


def short_names(names: Sequence[str]) -> tuple[str, ...]:
    """Without what all begin with: heads of columns are narrow."""
    first, last = min(names), max(names)
    alike = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), 0)
    common = re.sub(r"[0-9A-Za-z]*$", "", first[:alike])
    return tuple(name[len(common) :] for name in names)
