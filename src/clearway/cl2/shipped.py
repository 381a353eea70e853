"""Network tests shipped with clearway, under ClusterLoader2's relative names: used if the given path does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HERE = Path(__file__).parent
_TREE = "testing"


@dataclass(frozen=True)
class Located:
    """The file that is used for a given path."""

    asked: str
    path: Path
    shipped: bool
    """It is shipped with clearway, because the user has none."""


def locate(asked: str) -> Located:
    """The user's file if it exists; else the shipped one of the same name, if there is one; else the user's path."""
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
