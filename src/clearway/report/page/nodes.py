"""The nodes of a run side by side: where one differs from most of the others, it is marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clearway.report.document import NodePart
from clearway.report.page.heat import natural
from clearway.report.page.voices import Text, Voices

_FACTS = ("kernel", "cpus", "congestion", "qdisc", "link-speed")
_MOST = 200
"""Nodes listed; of more of them, those that differ come first."""
_COLUMNS: Mapping[str, Callable[[NodePart], str | None]] = {
    "page.column-zone": lambda node: node.zone,
    "condition-label.links": lambda node: None if node.link is None else str(node.link),
    "condition-label.mtu": lambda node: None if node.mtu is None else str(node.mtu),
}


@dataclass(frozen=True, slots=True)
class NodeFact:
    text: str
    differs: bool
    """From most of the others."""


@dataclass(frozen=True, slots=True)
class NodeTable:
    columns: tuple[Text, ...]
    rows: tuple[tuple[str, tuple[NodeFact, ...]], ...]
    left_out: int


def node_table(voices: Voices) -> NodeTable | None:
    """None of a report that was kept before nodes were a part of it."""
    nodes = sorted(voices.first.nodes, key=lambda node: natural(node.name))
    if not nodes:
        return None
    columns = {code: [read(node) or "" for node in nodes] for code, read in _COLUMNS.items()}
    columns |= {f"condition-label.{fact}": [node.facts.get(fact, "") for node in nodes] for fact in _FACTS}
    known = {code: _marked(texts, is_fact=code != "page.column-zone") for code, texts in columns.items() if any(texts)}
    rows = [(node.name, tuple(facts[index] for facts in known.values())) for index, node in enumerate(nodes)]
    if len(rows) > _MOST:
        rows.sort(key=lambda row: not any(fact.differs for fact in row[1]))
    titles = tuple(voices.say(code) for code in known)
    return NodeTable(titles, tuple(rows[:_MOST]), max(0, len(rows) - _MOST))


def _marked(texts: Sequence[str], *, is_fact: bool) -> list[NodeFact]:
    """Zones differ on purpose; with no majority nothing stands out."""
    usual, count = Counter(texts).most_common(1)[0]
    stands_out = is_fact and count * 2 > len(texts)
    return [NodeFact(text or "-", stands_out and text != usual) for text in texts]
