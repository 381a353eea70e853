"""Goldens as the engines are given them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from clearway.base.errors import Unreadable
from clearway.engine.base import Output
from clearway.engine.table import ENGINES
from clearway.probe import wire
from clearway.probe.measurement import Measurement
from clearway.probe.records import Request

_HERE = Path(__file__).parent
_OWN = ("about.json", "stdout", "stderr")


@dataclass(frozen=True)
class Golden:
    """One half of one captured run."""

    name: str
    request: Request
    output: Output
    dropped: int
    """Packets that the server's side dropped on arrival, by nft's own counter."""

    def read(self) -> Measurement:
        return ENGINES[self.request.engine].read(self.request, self.output)

    def saying(self, stdout: str) -> Golden:
        """The same with another standard output."""
        return replace(self, output=replace(self.output, stdout=stdout))

    def with_file(self, name: str, path: Path) -> Golden:
        """The same with another file left behind."""
        return replace(self, output=replace(self.output, files={**self.output.files, name: str(path)}))


def golden(name: str) -> Golden:
    """`iperf2/tcp/serve`, for instance."""
    folder = _HERE / name
    about = json.loads((folder / "about.json").read_text())
    files = {path.name: str(path) for path in folder.iterdir() if path.name not in _OWN}
    stdout, stderr = ((folder / stream).read_text() for stream in ("stdout", "stderr"))
    return Golden(
        name=name,
        request=wire.REQUEST.decode(about["request"]),
        output=Output(stdout, stderr, about["exit"], files, about["listened"]),
        dropped=about["dropped"],
    )


def names(prefix: str = "") -> list[str]:
    """All goldens whose name begins so."""
    found = (str(path.parent.relative_to(_HERE)) for path in _HERE.rglob("about.json"))
    return sorted(name for name in found if name.startswith(prefix))


def code_of(found: Golden) -> str | None:
    """Why a golden is no measurement; None if it is one."""
    try:
        found.read()
    except Unreadable as error:
        return error.code
    return None
