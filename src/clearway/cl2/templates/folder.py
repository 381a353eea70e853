"""The folder tree of a test config: the only files that its templates may include."""

from __future__ import annotations

import re
from pathlib import Path

from gotemplate import type_name

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
