"""Stands in for a template engine: assignments with a default, and variables. Anything else stays as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from clearway.cl2.rendering import Renderer, Variables

_ASSIGNED = re.compile(r'\{\{\$(\w+) := DefaultParam \.(\w+) "?([^"}]*)"?\}\}')
_VARIABLE = re.compile(r"\{\{\s*[$.](\w+)\s*\}\}")


def engine(root: Path) -> Renderer:
    return rendered


def rendered(path: Path, variables: Variables) -> str:
    text = path.read_text(encoding="utf-8")
    known: dict[str, Any] = dict(variables)
    for name, given, default in _ASSIGNED.findall(text):
        known[name] = variables.get(given, default)
    return _VARIABLE.sub(lambda found: _printed(known.get(found[1])), _ASSIGNED.sub("", text))


def _printed(value: Any) -> str:
    """As Go prints it."""
    return f"{value:g}" if isinstance(value, float) else str(value)
