"""Nesting of YAML: composing it goes down level by level in C, and too many levels would end the process."""

from __future__ import annotations

import re

import yaml


def too_deep(text: str, deepest: int) -> int | None:
    """The line, from 1, where a text is nested deeper than that; None if it is not. Raises YAMLError."""
    if not _may_be(text, deepest):
        return None
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > deepest:
            mark = event.start_mark
            return mark.line + 1 if mark else 1
    return None


def _may_be(text: str, deepest: int) -> bool:
    """A quick look: brackets, indentation, or dashes on one line, enough for it."""
    indented = rf"^[ ]{{{deepest}}}|(?:[-?][ ]+){{{deepest}}}"
    return text.count("[") + text.count("{") > deepest or re.search(indented, text, re.MULTILINE) is not None
