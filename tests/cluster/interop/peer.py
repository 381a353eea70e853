"""ClusterLoader2 from its source: copied, mended where it can't work as it stands, and built.

Nothing of it is kept here: a mend is where and what is changed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONTROLLER = Path("clusterloader2")
MANIFESTS = CONTROLLER / "pkg/measurement/common/network/manifests"


class NotMendable(Exception):
    """The source is not as it was when the mends were written."""


@dataclass(frozen=True)
class Mend:
    file: Path
    pattern: str
    replacement: str
    places: int
    why: str


LABELS = Mend(
    MANIFESTS / "networktestrequests.yaml",
    r"\{\{\.(client|server)PodName\}\}:",
    r"{{StructuralData .\1PodName}}:",
    2,
    "its template engine refuses a key that is a value, unless it is said to be meant",
)
"""Without it no request is made: `Invalid YAML Template`, and a success without data.

Its worker needs one too, which clearway's is spared: the fields of `resourceProperties` in the worker's `worker.go`
have no JSON tags, so that it decodes an empty request.
"""


def image_of(worker: str) -> Mend:
    why = "the worker's image is written into the source"
    return Mend(MANIFESTS / "worker-deployment.yaml", r"image: \S+", f"image: {worker}", 1, why)


def built_controller(source: Path, folder: Path, worker: str) -> Path:
    """The program, in a copy of its source with its configs. Raises NotMendable, CalledProcessError."""
    copy = folder / CONTROLLER
    shutil.copytree(source / CONTROLLER, copy)
    for mend in (LABELS, image_of(worker)):
        apply(mend, folder)
    program = copy / "clusterloader2"
    subprocess.run(("go", "build", "-o", program, "./cmd"), cwd=copy, check=True)
    return program


def apply(mend: Mend, folder: Path) -> None:
    """Raises NotMendable if it does not fit."""
    path = folder / mend.file
    text, places = re.subn(mend.pattern, mend.replacement, path.read_text(encoding="utf-8"))
    if places != mend.places:
        raise NotMendable(f"{mend.file}: {mend.pattern} is there {places} times, not {mend.places} ({mend.why})")
    path.write_text(text, encoding="utf-8")
