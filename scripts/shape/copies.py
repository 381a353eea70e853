"""Places that share six or more lines: the same fact written twice.

A line counts without its comment; blank lines, docstrings and imports do not count. Two lines are the same if they have
the same shape: each name, string and number stands for any other. Lines of data are the same only word by word, since
tables and records are meant to look alike: those without a name, constants (a name and a literal; also the members of
an enumeration) and the field declarations of a class. A pair of places is a run of such lines, as long as it goes on;
where a place looks like several others, each pair counts.
"""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from scripts.goal import Goal
from scripts.shape.figure import Figure
from scripts.shape.source import SourceFile, lines_of

LEAST = 6
"""Lines of the shortest run: the review's."""
BASELINE_PAIRS = 82
"""With constants by shape too it is 137; the script of the review, which is not kept, counted 128."""

_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_SHAPES = {tokenize.NAME: "name", tokenize.STRING: "string", tokenize.NUMBER: "number"}

_Start = tuple[int, int]
"""A file and a line of code in it, by index."""


@dataclass(frozen=True)
class _Line:
    number: int
    shape: tuple[str, ...]


def figures(files: Sequence[SourceFile]) -> list[Figure]:
    places = list(copied_places(files))
    return [
        Figure(
            "pairs of places that share 6 lines", len(places), BASELINE_PAIRS, Goal(most=BASELINE_PAIRS // 2), places
        )
    ]


def copied_places(files: Sequence[SourceFile]) -> Iterator[str]:
    """The longest first."""
    code = [_code(file) for file in files]
    runs = sorted(_runs(_same(code)), key=lambda run: (-run[2], run))
    for ours, theirs, length in runs:
        spans = [_span(files[file], code[file][line : line + length]) for file, line in (ours, theirs)]
        yield f"{length} lines: {spans[0]} and {spans[1]}"


def _span(file: SourceFile, lines: Sequence[_Line]) -> str:
    return f"{file.path}:{lines[0].number}-{lines[-1].number}"


def _same(code: Sequence[Sequence[_Line]]) -> set[tuple[_Start, _Start]]:
    """Where two places begin whose next lines are the same."""
    starts: dict[tuple[tuple[str, ...], ...], list[_Start]] = defaultdict(list)
    for file, lines in enumerate(code):
        for first in range(len(lines) - LEAST + 1):
            starts[tuple(line.shape for line in lines[first : first + LEAST])].append((file, first))
    pairs = (pair for places in starts.values() for pair in combinations(places, 2))
    return {(ours, theirs) for ours, theirs in pairs if ours[0] != theirs[0] or theirs[1] - ours[1] >= LEAST}


def _runs(same: set[tuple[_Start, _Start]]) -> Iterator[tuple[_Start, _Start, int]]:
    """Two places and how many lines they share."""
    for ours, theirs in same:
        if (_later(ours, -1), _later(theirs, -1)) not in same:
            more = 0
            while (_later(ours, more + 1), _later(theirs, more + 1)) in same:
                more += 1
            yield ours, theirs, LEAST + more


def _later(start: _Start, lines: int) -> _Start:
    return start[0], start[1] + lines


def _code(file: SourceFile) -> list[_Line]:
    fields, left_out = _fields(file), _left_out(file)
    tokens: dict[int, list[tokenize.TokenInfo]] = defaultdict(list)
    for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
        if token.type not in _LAYOUT and token.start[0] not in left_out:
            tokens[token.start[0]].append(token)
    return [_Line(number, _shape(line, data=number in fields)) for number, line in sorted(tokens.items())]


def _shape(line: Sequence[tokenize.TokenInfo], *, data: bool) -> tuple[str, ...]:
    if data or _is_data(line):
        return tuple(token.string for token in line)
    return tuple(token.string if keyword.iskeyword(token.string) else _word(token) for token in line)


def _word(token: tokenize.TokenInfo) -> str:
    return _SHAPES.get(token.type, token.string)


def _is_data(line: Sequence[tokenize.TokenInfo]) -> bool:
    """Values without names, or one name of a list: a table of rows that stand elsewhere."""
    if len(line) == 2 and line[1].string == ",":
        return True
    is_constant = len(line) > 2 and line[1].string == "="
    return not any(map(_is_name, line[2:] if is_constant else line))


def _is_name(token: tokenize.TokenInfo) -> bool:
    return token.type == tokenize.NAME and not keyword.iskeyword(token.string)


def _left_out(file: SourceFile) -> set[int]:
    imports = [node for node in ast.walk(file.module) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {number for node in [*imports, *file.docstrings] for number in lines_of(node)}


def _fields(file: SourceFile) -> set[int]:
    classes = (node for node in ast.walk(file.module) if isinstance(node, ast.ClassDef))
    declared = (node for kind in classes for node in kind.body if isinstance(node, ast.AnnAssign))
    return {number for node in declared for number in lines_of(node)}
