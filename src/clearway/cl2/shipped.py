"""Network tests of our own, under the relative names that people know: used where the path given is not on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HERE = Path(__file__).parent
_TREE = "testing"


@dataclass(frozen=True)
class Located:
    """Where a file that was asked for really is."""

    asked: str
    path: Path
    shipped: bool
    """It is ours, because there is none of the user's."""


def locate(asked: str) -> Located:
    """The user's file if there is one; else ours of the same name, if we have it; else the user's again."""
    path = Path(asked).expanduser()
    if path.exists():
        return Located(asked, path, shipped=False)
    parts = PurePosixPath(asked).parts
    inside = parts[parts.index(_TREE) :] if _TREE in parts else ()
    ours = HERE.joinpath(*inside) if inside and ".." not in parts else None
    if ours is not None and ours.is_file():
        return Located(asked, ours, shipped=True)
    return Located(asked, path, shipped=False)


def shipped_names() -> tuple[str, ...]:
    """Every config that we bring along, by its relative name."""
    return tuple(sorted(str(path.relative_to(HERE)) for path in (HERE / _TREE).rglob("*.yaml")))
