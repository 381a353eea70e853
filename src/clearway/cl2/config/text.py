"""YAML text as a document whose values have the types that ClusterLoader2 gives them."""

from __future__ import annotations

import re
from typing import Any

import yaml

from clearway.spec.document import YamlDocument, parse_document


class _GoLoader(yaml.CSafeLoader):
    """Words and numbers as Go's YAML reads them: `1e3` is a number; dates and times of day are texts."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as the base has it


for _tag, _pattern, _first in (
    ("bool", r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF", "yYnNtTfFoO"),
    ("int", r"[-+]?(0|[1-9][0-9]*|0x[0-9a-fA-F]+)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?", "-+0123456789."),
    ("null", r"~|null|Null|NULL|", "~nN"),
):
    _GoLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), [*_first, ""])


def _number(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> float:
    return float(node.value)


_GoLoader.add_constructor("tag:yaml.org,2002:float", _number)


def go_document(text: str, source: str) -> YamlDocument:
    """The document in a text. Raises SpecError if it is not YAML; other faults go into its `problems`."""
    document = parse_document(text, source)
    data: Any = None if document.problems else yaml.load(text, _GoLoader)  # noqa: S506 - a safe loader of our own
    return YamlDocument(source, data, document.values, document.keys, document.problems)


def as_go_decodes(value: Any) -> Any:
    """A value out of YAML as a template sees it: every number is a float."""
    if isinstance(value, dict):
        return {str(key): as_go_decodes(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_go_decodes(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
