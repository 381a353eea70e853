"""The command lines that the pages and the examples show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from meta.tree import ROOT, project_files

PROGRAMS = ("clearway", "kubectl clearway", "clusterloader2", "make")
PAGES = [path for path in project_files() if path.suffix == ".md" and "tests" not in path.relative_to(ROOT).parts]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
_LINE = re.compile(r"^(?: {4,}|\$ |#   )(\S.*)$", re.MULTILINE)
_MENTION = re.compile(rf"`((?:{'|'.join(PROGRAMS)}) [^`]+)`")
_CONTINUED = re.compile(r"\\\n\s*")
_OPTIONAL = re.compile(r" \[[^\]]*\]")
_BEFORE = re.compile(r"^(?:\w+=\S* |\S*/bin/(?=clearway))+")
"""What stands before a command's name: variables, and the folder of the virtual environment."""
_ENDS = {">", ">>", "|", "&&", ";"}
_PHRASES = {"<command>": "run", "<run directory>": "out/", "<word>": "jitter"}
_VALUES = {
    "COMMAND": "run",
    "DIR": "out/",
    "FILE": "cat.yaml",
    "FORMAT": "text",
    "HOSTS-RUN": "on-hosts/",
    "NAME": "skeleton",
    "POD-RUN": "on-pods/",
    "SHELL": "bash",
}
"""For what stands for a value."""


@dataclass(frozen=True)
class Shown:
    """A command as a page shows it."""

    page: Path
    text: str
    mention: bool
    """In a sentence, where it may be named without its arguments; else in a line of its own."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words that a shell makes of it, without redirections and what follows them."""
        text = _BEFORE.sub("", _OPTIONAL.sub("", self.text))
        for phrase, value in _PHRASES.items():
            text = text.replace(phrase, value)
        split = shlex.split(text, comments=True)
        end = next((index for index, word in enumerate(split) if word in _ENDS), len(split))
        return tuple(_VALUES.get(word, word) for word in split[:end] if word != "...")

    def __str__(self) -> str:
        return f"{self.page.name}: {' '.join(self.words)}"


@cache
def shown() -> tuple[Shown, ...]:
    """Each command once, in the order of the pages; a line rather than a mention."""
    found: dict[tuple[str, ...], Shown] = {}
    for one in sorted(_all(), key=lambda one: one.mention):
        found.setdefault(one.words, one)
    return tuple(found.values())


def shown_of(program: str) -> list[Shown]:
    name = tuple(program.split())
    return [one for one in shown() if one.words[: len(name)] == name]


def _all() -> Iterator[Shown]:
    for path in (*PAGES, *EXAMPLES):
        text, page = _CONTINUED.sub("", path.read_text(encoding="utf-8")), path.relative_to(ROOT)
        for line in _LINE.findall(text):
            if _BEFORE.sub("", line).startswith(tuple(f"{program} " for program in PROGRAMS)):
                yield Shown(page, line, mention=False)
        if path.suffix == ".md":
            yield from (Shown(page, found, mention=True) for found in _MENTION.findall(text.replace("\n", " ")))
