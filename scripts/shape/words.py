"""Literary words, which an engineer whose first language is not English has to look up.

Counted are occurrences of a whole word, in small or capital letters, in the strings (docstrings too) and comments of
the Python files, and in the texts and comments of the English catalogues (`*en.toml`). Names are not counted.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scripts.goal import Goal
from scripts.shape.figure import Figure
from scripts.shape.source import SourceFile

PRONOUNS = ("whoever", "nobody", "somebody", "everybody", "anybody", "whatever")
"""Those that the review counted, and `anybody`."""
VERBS = ("told", "tell", "tells", "heard", "goes along", "go along")

_Line = tuple[str, int, str]
"""File, number, text."""


def figures(folder: Path, files: Sequence[SourceFile]) -> list[Figure]:
    lines = [*_python(files), *_catalogues(folder)]
    pronouns, verbs = list(_found(lines, PRONOUNS)), list(_found(lines, VERBS))
    return [
        Figure(f"words: {', '.join(PRONOUNS[:3])}, ...", len(pronouns), 138, Goal(most=15), pronouns),
        Figure(f"words: {', '.join(VERBS[:3])}, ...", len(verbs), 138, Goal(most=15), verbs),
    ]


def _found(lines: Iterable[_Line], words: Sequence[str]) -> Iterator[str]:
    pattern = re.compile(rf"\b({'|'.join(words)})\b", re.IGNORECASE)
    for name, number, text in lines:
        yield from (f"{name}:{number}: {found[0]}: {text.strip()}" for found in pattern.finditer(text))


def _python(files: Sequence[SourceFile]) -> Iterator[_Line]:
    for file in files:
        for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
            if _is_text(token):
                for number, text in enumerate(token.string.splitlines(), token.start[0]):
                    yield str(file.path), number, text


def _is_text(token: tokenize.TokenInfo) -> bool:
    """Also the text of an f-string, which is a kind of its own from Python 3.12 on."""
    return tokenize.tok_name[token.type] in {"COMMENT", "STRING", "FSTRING_MIDDLE"}


def _catalogues(folder: Path) -> Iterator[_Line]:
    for path in sorted(folder.rglob("*en.toml")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            key, equals, text = line.partition("=")
            yield str(path.relative_to(folder)), number, text if equals else key
