"""The seam to the template engine: a file and its variables in, YAML text out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from clearway.spec.load import read_file
from clearway.spec.problems import Place, Problem, SpecError

Variables = Mapping[str, Any]
"""What templates know, by name. Numbers out of YAML are floats, as Go decodes them; those of the environment ints."""


class Renderer(Protocol):
    """A template engine."""

    def __call__(self, path: Path, variables: Variables) -> str:
        """The text of the file with its actions carried out. Raises SpecError with the place of what is wrong."""


Engine = Callable[[Path], Renderer]
"""Makes a renderer for the files of one folder tree, which are all that a template may include."""


def without_templates(root: Path) -> Renderer:
    """For configs that are finished YAML."""
    return _plain


def _plain(path: Path, variables: Variables) -> str:
    """A file that needs no engine, as it is. Raises SpecError, with the place, for one that does."""
    text = read_file(path).text
    if (found := text.find("{{")) >= 0:
        before = text[:found]
        place = Place(str(path), before.count("\n") + 1, found - before.rfind("\n"))
        raise SpecError([Problem("door.no-template-engine", place)])
    return text
