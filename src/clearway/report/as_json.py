"""The report as JSON, for programs: all of the document, with codes and values beside the sentences.

The same codecs write the report and its JSON Schema (docs/schema/report.schema.json). A quantity is
an object of its unit, `{"bit/s": 5e9}`; what is absent has no key.
"""

from __future__ import annotations

import json
from typing import Any

from clearway.probe.codec import CodecError, of
from clearway.probe.json_values import parsed
from clearway.report.document import ReportDocument

FORMAT = 1
"""Rises when a key changes its meaning or goes away; new keys don't raise it."""

_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class JsonReport:
    """JSON, indented; keys in the document's order."""

    name = "json"
    file_name = "report.json"

    def render(self, document: ReportDocument) -> str:
        content = DOCUMENT.encode(document)
        return json.dumps({"format": FORMAT, **content}, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of this format."""
    plain = DOCUMENT.schema()
    return {
        "$schema": _SCHEMA_DIALECT,
        "title": "clearway report",
        **plain,
        "required": ["format", *plain["required"]],
        "properties": {"format": {"const": FORMAT}, **plain["properties"]},
    }


def read(text: str) -> ReportDocument:
    """The document that `text` was rendered from. Raises CodecError if it is not of this format."""
    content = parsed(text)
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise CodecError("codec.wrong-format", wanted=FORMAT)
    return DOCUMENT.decode(content)


DOCUMENT = of(ReportDocument)
