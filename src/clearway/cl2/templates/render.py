"""A test config's templates, rendered; they include files of the config's own folder tree only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clearway.cl2.templates.chance import Random
from clearway.cl2.templates.functions import cl2_functions
from clearway.cl2.templates.guard import check, of_engine
from clearway.spec.load import read_file
from clearway.spec.problems import SpecError
from gotemplate import Limits, Template, TemplateError, type_name

_INCLUDE = re.compile(r"\bInclude(?:Embed)?File\s+[\"`]([^\"`]+)[\"`]")


class NotIncluded(ValueError):
    """Why a file can't be included, and what to do."""

    def __init__(self, cause: str, hint: str | None = None) -> None:
        super().__init__(cause)
        self.hint = hint


class Folder:
    """Reads files below `root` only; a symbolic link to a file outside is refused."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def include(self, name: object, including: Path) -> str:
        """The text of a file for the template in `including`. Raises NotIncluded."""
        if not isinstance(name, str):
            raise NotIncluded(f"the name of a file is text, not {type_name(name)}")
        path = self._inside(name)
        self._refuse_cycle(path, (including.resolve(),))
        return _read(path, name)

    def _inside(self, name: str) -> Path:
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root):
            hint = f"what it includes has to be below {self.root}; copy the file there"
            raise NotIncluded(f"{name} lies outside of the config's folder", hint)
        return path

    def _refuse_cycle(self, path: Path, chain: tuple[Path, ...]) -> None:
        """A file is included as text, so one that includes itself, directly or not, never ends."""
        if path in chain:
            names = " -> ".join(one.name for one in (*chain, path))
            raise NotIncluded(f"the files include each other without end: {names}", "take one of the includes out")
        if not path.is_file() or len(chain) > 50:
            return
        for name in _INCLUDE.findall(path.read_text("utf-8", "surrogateescape")):
            inner = (self.root / name).resolve()
            if inner.is_relative_to(self.root):
                self._refuse_cycle(inner, (*chain, path))


def _read(path: Path, name: str) -> str:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise NotIncluded(f"{name} can't be read: {error.strerror}", f"it was looked for at {path}") from None


class Templates:
    """Renders the files of one folder tree; each is read once.

    What is drawn at random depends on `seed` and on what was rendered before.
    """

    def __init__(self, root: Path, *, seed: int = 1, limits: Limits | None = None) -> None:
        self._folder = Folder(root)
        self._random = Random(seed)
        self._limits = limits or Limits()
        self._read: dict[Path, Template] = {}

    def __call__(self, path: Path, variables: Mapping[str, Any]) -> str:
        """The YAML of a file. Raises SpecError, also where a value changes the structure of the YAML."""
        before = self._random.keep()
        rendered = self.unchecked(path, variables)
        after, template = self._random.keep(), self._template(path)

        def rerender(replace: Any) -> str:
            self._random.go_back(before)
            return template.render_replaced(dict(variables), replace)

        check(str(path), rendered, rerender)
        self._random.go_back(after)
        return rendered

    def unchecked(self, path: Path, variables: Mapping[str, Any]) -> str:
        """The text of a file, without the check of its structure. Raises SpecError."""
        template = self._template(path)
        try:
            return template.render(dict(variables))
        except TemplateError as error:
            raise SpecError([of_engine(error)]) from error

    def _template(self, path: Path) -> Template:
        if path not in self._read:
            functions = cl2_functions(self._random, lambda name: self._folder.include(name, path))
            text = read_file(path).text
            try:
                self._read[path] = Template(text, name=str(path), functions=functions, limits=self._limits)
            except TemplateError as error:
                raise SpecError([of_engine(error)]) from error
        return self._read[path]
