"""A test config's templates, rendered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clearway.cl2.templates.chance import Random
from clearway.cl2.templates.folder import Folder
from clearway.cl2.templates.functions import cl2_functions
from clearway.cl2.templates.guard import check, of_engine
from clearway.spec.load import read_file
from clearway.spec.problems import SpecError
from gotemplate import Limits, Template, TemplateError


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
