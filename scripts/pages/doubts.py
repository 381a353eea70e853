"""Whose doing a bad attempt is, for docs/verdict.md."""

from __future__ import annotations

from clearway.verdict.doubts import DOUBTS, DoubtKind, Effect

_HEADER = "| seen | whose doing | evidence needed | what follows | seen in two attempts |\n|---|---|---|---|---|\n"
_EFFECTS = {Effect.VOID: "void", Effect.NEVER_HOLDS: "the pair can't hold", Effect.BREAKS: "the pair breaks"}


def with_doubts(page: str) -> str:
    """The page with the table as the code has it now."""
    before, _, after = page.partition(_HEADER)
    return before + _HEADER + "".join(map(_row, DOUBTS)) + after[after.index("\n## ") :]


def _row(one: DoubtKind) -> str:
    again = "" if one.again is one.effect else _EFFECTS[one.again]
    cells = (one.found, one.doer.value, one.evidence, _EFFECTS[one.effect], again)
    return f"| {' | '.join(cells)} |\n"
