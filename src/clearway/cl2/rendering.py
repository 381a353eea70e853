"""The interface to the template engine: a file and its variables in, YAML text out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

Variables = Mapping[str, Any]
"""Variables of templates, by name. Numbers from YAML are floats, as Go decodes them; from the environment, ints."""


class Renderer(Protocol):
    """A template engine."""

    def __call__(self, path: Path, variables: Variables) -> str:
        """The rendered text of the file. Raises SpecError with the place of what is wrong."""
