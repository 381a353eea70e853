"""The fields of every record in a run directory as Markdown, made of the codecs and the records' docstrings."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args

from clearway.ledger.chain import Head
from clearway.ledger.files import Manifest
from clearway.ledger.seal import Seal
from clearway.ledger.verdicts import GivenVerdict, LimitsUsed
from clearway.probe import histogram, measurement, parameters, records
from clearway.probe.codec import of
from clearway.probe.observations import KINDS

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Section:
    kind: type[Any]
    schema: Schema

    @property
    def name(self) -> str:
        return self.kind.__name__

    @property
    def tag(self) -> str | None:
        """What the key `kind` says where several records may stand."""
        tag: str | None = self.schema["properties"].get("kind", {}).get("const")
        return tag


def field_tables() -> str:
    """One section per record, in the order in which a reader of the files meets them; then the observations' kinds."""
    return "\n".join([*(_table(section) for section in _SECTIONS), _kinds_table()])


def with_tables(page: str) -> str:
    """The page with the tables at its end as the source has them now."""
    tables = field_tables()
    return page[: page.index(tables.partition("\n")[0])] + tables


def _table(section: _Section) -> str:
    tag = f"Its `kind` is `{section.tag}`." if section.tag else ""
    paragraphs = [f"### {section.name}", _meaning_of(section.kind), tag]
    heading = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    rows = "".join(_row(section, field.name) for field in fields(section.kind))
    return f"{heading}\n\n| key | type | meaning |\n|---|---|---|\n{rows}"


def _kinds_table() -> str:
    rows = "".join(f"| `{kind.name}` | {kind.subject} | {kind.meaning} |\n" for kind in KINDS.values())
    return f"### Kinds of observations\n\n| kind | subject | meaning and values |\n|---|---|---|\n{rows}"


def _row(section: _Section, field: str) -> str:
    key = next(key for key in section.schema["properties"] if _is_key_of(field, key, section))
    optional = "" if key in section.schema["required"] else ", may be absent"
    meaning = _attribute_docs(section.kind).get(field, "")
    return f"| `{key}` | {_type(section.schema['properties'][key])}{optional} | {meaning} |\n"


def _is_key_of(field: str, key: str, section: _Section) -> bool:
    """A key is the field's name, with its unit where it has one."""
    names = [f.name for f in fields(section.kind) if key == f.name or key.startswith(f"{f.name}_")]
    return max(names, key=len, default=None) == field


def _type(schema: Schema) -> str:
    """A type in words; a record is a link to its section."""
    for section in _SECTIONS:
        if schema == section.schema:
            return f"[{section.name}](#{section.name.lower()})"
    if "oneOf" in schema:
        return " or ".join(_type(member) for member in schema["oneOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("type") == "object":
        return f"mapping of names to {_type(schema['additionalProperties'])}"
    return _plain(schema)


def _plain(schema: Schema) -> str:
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    return "slot" if "pattern" in schema else _WORDS[schema.get("type")]


_WORDS: Mapping[str | None, str] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    None: "value",
}


def _meaning_of(kind: type[Any]) -> str:
    text = inspect.getdoc(kind) or ""
    return "" if text.startswith(f"{kind.__name__}(") else _absent(text)


def _attribute_docs(kind: type[Any]) -> dict[str, str]:
    """The text that stands under each attribute in the source."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for statement, follower in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and _is_text(follower):
            found[statement.target.id] = _absent(" ".join(ast.literal_eval(follower.value).split()))  # type: ignore[attr-defined]
    return found


def _absent(text: str) -> str:
    """In a file, what is None is an absent key."""
    return re.sub(r"\bNone\b", "absent", text)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _sections(*kinds: type[Any]) -> Iterator[_Section]:
    for kind in kinds:
        yield _Section(kind, of(kind).schema())


def _members(union: object) -> Iterator[_Section]:
    """The sections of a union, told apart by their `kind`."""
    for kind, schema in zip(get_args(union), of(union).schema()["oneOf"], strict=True):
        yield _Section(kind, schema)


_SECTIONS: tuple[_Section, ...] = (
    *_sections(Manifest, records.Inventory, records.Node, records.Round, records.Probe, parameters.Window),
    *_members(parameters.Parameters),
    *_sections(records.Result, records.Reason),
    *_members(measurement.Measurement),
    *_sections(
        histogram.Histogram,
        parameters.Endpoint,
        parameters.PathMtuPeer,
        measurement.FoundMtu,
        measurement.Flow,
        measurement.Connecting,
        measurement.Timing,
        measurement.Counters,
        measurement.TcpSockets,
        measurement.Evidence,
        records.Worker,
        records.ServiceAddress,
        records.Observation,
        records.Finding,
        Seal,
        Head,
        GivenVerdict,
        LimitsUsed,
    ),
)
