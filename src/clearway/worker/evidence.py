"""What of a tool's command and output is kept as evidence."""

from __future__ import annotations

from typing import Optional

from clearway.engine.base import ToolCommand
from clearway.probe.measurement import Evidence
from clearway.worker.child import Child

_EXCERPT = 4_000
"""Characters of each output: half from its head, half from its tail."""


def evidence_of(command: ToolCommand, child: Optional[Child], *, over: bool) -> Evidence:
    """Of a tool that was never started, its command line; its exit only where it ended by itself."""
    if child is None:
        return Evidence(command.argv)
    stdout, stderr = child.output()
    cut = max(len(stdout), len(stderr)) > _EXCERPT
    return Evidence(command.argv, child.exit if over else None, _excerpt(stdout), _excerpt(stderr), cut)


def _excerpt(text: str) -> str:
    if len(text) <= _EXCERPT:
        return text
    return f"{text[: _EXCERPT // 2]}\n[...]\n{text[-_EXCERPT // 2 :]}"
