"""The seam to the template engine: a file and its variables in, YAML text out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

Variables = Mapping[str, Any]
"""What templates know, by name. Numbers out of YAML are floats, as Go decodes them; those of the environment ints."""


class Renderer(Protocol):
    """A template engine."""

    def __call__(self, path: Path, variables: Variables) -> str:
        """The text of the file with its actions carried out. Raises SpecError with the place of what is wrong."""
