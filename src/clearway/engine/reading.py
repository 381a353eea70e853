"""Reading a tool's text without guessing: whole lines only, and a short quote of what could not be read."""

from __future__ import annotations

import re
from typing import List, NoReturn, Type, TypeVar

from clearway.base.errors import InternalError, Unreadable
from clearway.engine.base import Output
from clearway.probe.records import Request

P = TypeVar("P")

_QUOTE = 120
"""Characters of a quote: enough to recognise the line, bounded for the wire."""

_UNREACHABLE = (
    (re.compile(r"Connection refused", re.IGNORECASE), "tool.refused"),
    (re.compile(r"Connection timed out|Operation timed out", re.IGNORECASE), "tool.connect-timeout"),
    (re.compile(r"No route to host|(?:Network|Host) is (?:unreachable|down)", re.IGNORECASE), "tool.no-route"),
)


def whole_lines(text: str) -> List[str]:
    """The lines that were written to their end: a last one without a newline may have lost digits."""
    return text.split("\n")[:-1]


def quote(text: str) -> str:
    """The last line of `text` with words in it, shortened."""
    lines = [line.strip() for line in text.splitlines() if line.strip(" -\t")]
    return lines[-1][:_QUOTE] if lines else ""


def failed(code: str, tool: str, output: Output, text: str = "") -> Unreadable:
    """The error `code` with the last line of what the tool printed: of `text`, else of its standard error."""
    values = {"tool": tool, "quote": quote(text) or quote(output.stderr)}
    return Unreadable(code, **values) if output.exit is None else Unreadable(code, exit=output.exit, **values)


def check_server(tool: str, output: Output) -> None:
    """Raise Unreadable unless a server that prints nothing about its clients listened throughout."""
    if not output.listened:
        raise failed("tool.failed", tool, output)


def parameters_of(request: Request, kind: Type[P]) -> P:
    """Raises InternalError if the request is for another protocol."""
    if not isinstance(request.parameters, kind):
        raise InternalError("engine.wrong-parameters", engine=request.engine, found=type(request.parameters).__name__)
    return request.parameters


def malformed(tool: str, line: str) -> Unreadable:
    """The error for a line whose kind is known but whose content is not."""
    return Unreadable("tool.malformed", tool=tool, quote=quote(line))


def refuse_connection(tool: str, output: Output, text: str) -> NoReturn:
    """Raise what kept the tool from connecting, in the kernel's words that it repeats in `text`."""
    code = next((code for pattern, code in _UNREACHABLE if pattern.search(text)), "tool.failed")
    raise failed(code, tool, output, text)
