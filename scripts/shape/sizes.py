"""How much there is to read: lines of the source, of its functions and files, and what explains them."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence
from statistics import median, quantiles

from scripts.goal import Goal
from scripts.shape.figure import Figure
from scripts.shape.source import SourceFile, lines_of

BASELINE_LINES = 30_834
LEAST_FEWER = 1_000
"""So much smaller the source has to be, with every feature kept."""


def figures(files: Sequence[SourceFile]) -> list[Figure]:
    lines = sum(file.line_count for file in files)
    longest = max(files, key=lambda file: file.line_count)
    return [
        Figure("source lines", lines, BASELINE_LINES, Goal(most=BASELINE_LINES - LEAST_FEWER)),
        *_of_functions(files),
        Figure("lines of the largest file", longest.line_count, 314, Goal(most=320), [str(longest.path)]),
        Figure("lines that are a comment, %", _share(_comments(files), lines), 0.1),
        Figure("lines of docstrings, %", _share(_docstring_lines(files), lines), 9.6),
    ]


def _of_functions(files: Sequence[SourceFile]) -> list[Figure]:
    """Lines from `def` to the last one."""
    lengths = {f"{file.path}:{one.lineno} {one.name}": len(lines_of(one)) for file in files for one in file.functions}
    values, longest = sorted(lengths.values()), max(lengths, key=lambda place: lengths[place])
    p99 = quantiles(values, n=100, method="inclusive")[98]
    return [
        Figure("function lines, median", median(values), 5, Goal(least=5, most=7)),
        Figure(
            "function lines, p99",
            p99,
            23,
            Goal(most=25),
            [f"{lengths[place]} lines: {place}" for place in _above(lengths, p99)],
        ),
        Figure("function lines, longest", lengths[longest], 43, None, [longest]),
    ]


def _above(lengths: dict[str, int], limit: float) -> list[str]:
    return sorted((place for place, length in lengths.items() if length > limit), key=lambda place: -lengths[place])


def _comments(files: Sequence[SourceFile]) -> int:
    """Lines with nothing but a comment."""
    tokens = (token for file in files for token in tokenize.generate_tokens(io.StringIO(file.text).readline))
    return sum(token.type == tokenize.COMMENT and token.line.lstrip().startswith("#") for token in tokens)


def _docstring_lines(files: Sequence[SourceFile]) -> int:
    return sum(len(lines_of(docstring)) for file in files for docstring in file.docstrings)


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)
