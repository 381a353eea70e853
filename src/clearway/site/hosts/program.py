"""The agent as it is sent to a host: one zip-app made of this installation, with the same bytes every time."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

PARTS = ("base", "probe", "engine", "worker")
"""All packages of an agent: standard library only, Python 3.9."""

_STARTER = "import base64, sys; exec(base64.b64decode(sys.stdin.readline()))"
_START = "import sys\n\nfrom clearway.worker.__main__ import main\n\nsys.exit(main(sys.argv[1:]))\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time in a zip file."""
_READABLE = 0o644 << 16
"""A zip file keeps a file's mode in the upper half of a word."""


def starter(python: str) -> tuple[str, ...]:
    """The command that becomes an agent after reading `first_lines`; further arguments are the agent's.

    `-I -S`: Python ignores the user's environment and all installed packages.
    """
    return python, "-I", "-S", "-c", _STARTER


@cache
def first_lines() -> str:
    """The first two lines of its input: the seed, and the agent that the seed reads."""
    seed = files(__package__).joinpath("seed.py").read_bytes()
    return "".join(base64.b64encode(part).decode("ascii") + "\n" for part in (seed, zip_app()))


@cache
def zip_app() -> bytes:
    """The agent as a file that `python3 FILE` runs."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(_modules()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _READABLE
            archive.writestr(entry, text)
    return sink.getvalue()


def _modules() -> Iterator[tuple[str, str]]:
    root = files("clearway")
    yield "__main__.py", _START
    yield "clearway/__init__.py", root.joinpath("__init__.py").read_text(encoding="utf-8")
    for part in PARTS:
        yield from _below(root.joinpath(part), f"clearway/{part}")


def _below(folder: Traversable, name: str) -> Iterator[tuple[str, str]]:
    for item in folder.iterdir():
        if item.is_dir() and item.name != "__pycache__":
            yield from _below(item, f"{name}/{item.name}")
        elif item.name.endswith(".py"):
            yield f"{name}/{item.name}", item.read_text(encoding="utf-8")
