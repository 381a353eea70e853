"""The oracle: a Go program that renders with Go's own text/template, built into the cache folder."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harness.go_tool import find_go, go_environment

PLAIN = Path(__file__).with_name("plain")
CL2 = Path(__file__).with_name("cl2")
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clearway"


def built(sources: Mapping[str, bytes], *arguments: str) -> Path:
    """The program of these files, built unless it is there already. `arguments` go to `go mod tidy`, if any."""
    key = hashlib.sha256(b"\0".join(name.encode() + b"\0" + sources[name] for name in sorted(sources))).hexdigest()[:16]
    folder = _CACHE / "template-oracle" / key
    program = folder / "oracle"
    if not program.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in sources.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        _build(folder, arguments)
    return program


def plain_sources() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(PLAIN.iterdir())}


def cl2_sources(functions: bytes) -> dict[str, bytes]:
    """The same with ClusterLoader2's functions, given the Go file that has them, and with google/safetext."""
    own = {str(path.relative_to(CL2)): path.read_bytes() for path in sorted(CL2.rglob("*.*"))}
    return {**plain_sources(), **own, "config/functions.go": functions}


def _build(folder: Path, tidy: Iterable[str]) -> None:
    go, environment = find_go(_CACHE), go_environment(_CACHE / "go")
    if tidy:
        subprocess.run((go, *tidy), cwd=folder, env=environment, check=True, capture_output=True)
    # Under another name first: a build that is broken off leaves no program behind.
    subprocess.run((go, "build", "-o", "oracle.new", "."), cwd=folder, env=environment, check=True, capture_output=True)
    (folder / "oracle.new").rename(folder / "oracle")


class Oracle:
    """A running oracle, asked one thing after the other."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen((program,), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.__exit__(kind, error, at)

    def render(self, text: str, data: object, **more: object) -> bytes | None:
        """What Go renders; None where it refuses."""
        return self.output(self.answer(text, data, **more))

    @staticmethod
    def output(answer: dict[str, Any]) -> bytes | None:
        output = answer["output"]
        return None if output is None else base64.b64decode(output)

    def answer(self, text: str, data: object, **more: object) -> dict[str, Any]:
        asked, said = self._process.stdin, self._process.stdout
        assert asked is not None
        assert said is not None
        asked.write(json.dumps({"text": text, "data": data, **more}).encode() + b"\n")
        asked.flush()
        answer: dict[str, Any] = json.loads(said.readline())
        return answer
