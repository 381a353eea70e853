"""ClusterLoader2 from its source: copied, mended where it can't work as it stands, and built.

Nothing of it is kept here: a mend is where and what is changed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CONTROLLER = Path("clusterloader2")
WORKER = Path("util-images/network/netperfbenchmark")
_MANIFESTS = CONTROLLER / "pkg/measurement/common/network/manifests"
_FIELDS = "ServerPodIP|ServerPodName|Duration|NumberOfClients|Protocol|ClientPodIP|ClientPodName|ClientStartTimestamp"


class NotMendable(Exception):
    """The source is not as it was when the mends were written."""


@dataclass(frozen=True)
class Mend:
    file: Path
    pattern: str
    replacement: str | Callable[[re.Match[str]], str]
    places: int
    why: str


def _tagged(field: re.Match[str]) -> str:
    name = field.group(1)
    return f'{field.group(0)} `json:"{name[0].lower()}{name[1:]}"`'


LABELS = Mend(
    _MANIFESTS / "networktestrequests.yaml",
    r"\{\{\.(client|server)PodName\}\}:",
    r"{{StructuralData .\1PodName}}:",
    2,
    "its template engine refuses a key that is a value unless it is said to be meant: no request is made",
)
TAGS = Mend(
    WORKER / "pkg/worker/worker.go",
    rf"(?m)^\t({_FIELDS}) +(?:string|int64)$",
    _tagged,
    8,
    "without JSON tags its worker decodes an empty request",
)


def image_of(worker: str) -> Mend:
    why = "the worker's image is written into the source"
    return Mend(_MANIFESTS / "worker-deployment.yaml", r"image: \S+", f"image: {worker}", 1, why)


def built_controller(source: Path, folder: Path, worker: str) -> Path:
    """The program, in a copy of its source with its configs. Raises NotMendable, CalledProcessError."""
    return built(source, folder, CONTROLLER, LABELS, image_of(worker))


def built_worker(source: Path, folder: Path) -> Path:
    """Its worker, as a static program. Raises NotMendable, CalledProcessError."""
    return built(source, folder, WORKER, TAGS)


def built(source: Path, folder: Path, module: Path, *mends: Mend, package: str = "./cmd") -> Path:
    """A module's program, in a copy of it. Raises NotMendable, CalledProcessError."""
    copy = folder / module
    shutil.copytree(source / module, copy)
    for mend in mends:
        apply(mend, folder)
    program = copy / "program"
    static = {**os.environ, "CGO_ENABLED": "0"}
    subprocess.run(("go", "build", "-o", program, package), cwd=copy, env=static, check=True)
    return program


def apply(mend: Mend, folder: Path) -> None:
    """Raises NotMendable if it does not fit."""
    path = folder / mend.file
    text, places = re.subn(mend.pattern, mend.replacement, path.read_text(encoding="utf-8"))
    if places != mend.places:
        raise NotMendable(f"{mend.file}: {mend.pattern} is there {places} times, not {mend.places} ({mend.why})")
    path.write_text(text, encoding="utf-8")
