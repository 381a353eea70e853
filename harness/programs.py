"""Kubernetes' own programs, built from Go modules: once for each set of versions, kept outside the repository."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.failure import HarnessError
from harness.go_tool import find_go, go_environment
from harness.pause_image import write_image
from harness.versions import CACHE_KEY, SOURCES, Source

Say = Callable[[str], None]

_LAST_LINES = 20
_LINES_PER_SIGN = 250
_STAGES_LEFT_OUT = ("kustomization.yaml", "pod-complete.yaml")
"""A hollow pod of a Job would be done at once; ours run until something ends them."""
_STAGE_FOLDERS = ("node/fast", "node/heartbeat", "pod/fast")
_KEYS = {name: source.cache_key for source in SOURCES for name in source.programs}


@dataclass(frozen=True)
class Programs:
    """Everything that a cluster is started from: below `cache`, in a folder for each set of versions."""

    cache: Path

    def path(self, program: str) -> str:
        return str(self.place(program))

    def place(self, name: str) -> Path:
        """Of a program, or of what is built beside Kubernetes."""
        return self.cache / _KEYS.get(name, CACHE_KEY) / name

    @property
    def pause_image(self) -> Path:
        """An image archive with the process that holds a pod's namespaces."""
        return self.place("pause.tar")

    @property
    def hollow_stages(self) -> Path:
        """What kwok makes of nodes and pods."""
        return self.place("hollow-stages.yaml")

    def missing(self) -> list[str]:
        return [name for name in (*_KEYS, "pause.tar", "hollow-stages.yaml") if not self.place(name).is_file()]


def built_programs() -> Programs:
    """What was built before. Raises HarnessError if something is missing."""
    programs = Programs(cache_folder())
    if missing := programs.missing():
        raise HarnessError(f"not built yet: {', '.join(missing)}; run `make cluster-build` (several minutes, once)")
    return programs


def build_programs(say: Say) -> Programs:
    """Build what is missing, at the lowest priority, one program after another. Raises HarnessError."""
    programs = Programs(cache_folder())
    with _alone(programs.cache):
        if missing := programs.missing():
            say(f"builds {', '.join(missing)} into {programs.cache}; from nothing that takes some 10 minutes")
            _Builder(programs, programs.cache / "go", say).build(missing)
    return programs


class _Builder:
    def __init__(self, programs: Programs, cache: Path, say: Say) -> None:
        self._programs = programs
        self._workshop = cache / "workshop"
        self._cache = cache
        self._say = say
        self._go = find_go(cache)

    def build(self, missing: list[str]) -> None:
        """Go's own caches are several gigabytes: they go once all is built."""
        for source in SOURCES:
            (self._programs.cache / source.cache_key).mkdir(exist_ok=True)
            self._enter(source.go_mod())
            for name in source.programs:
                if name in missing:
                    self._build(name, source)
            if "kwok" in source.programs and "hollow-stages.yaml" in missing:
                self._keep_stages(source.module)
        if "pause.tar" in missing:
            self._build_pause()
        shutil.rmtree(self._cache)

    def _enter(self, go_mod: str) -> None:
        shutil.rmtree(self._workshop, ignore_errors=True)
        self._workshop.mkdir(parents=True)
        (self._workshop / "go.mod").write_text(go_mod)

    def _build(self, name: str, source: Source) -> None:
        self._say(f"builds {name} {source.version}")
        started = time.monotonic()
        target = self._workshop / name
        flags = ("-v", "-mod=mod", "-trimpath", "-ldflags", " ".join(source.link_flags))
        self._run("build", *flags, "-o", str(target), source.programs[name])
        target.replace(self._programs.place(name))
        self._say(f"built {name} in {time.monotonic() - started:.0f} s")

    def _build_pause(self) -> None:
        self._enter("module example.test/pause\n")
        shutil.copy(Path(__file__).with_name("pause.go"), self._workshop)
        self._run("build", "-trimpath", "-ldflags=-s -w", "-o", "pause", "pause.go")
        image = self._workshop / "pause.tar"
        write_image(self._workshop / "pause", image, os.uname().machine)
        image.replace(self._programs.pause_image)

    def _keep_stages(self, module: str) -> None:
        module_folder = json.loads(self._run("mod", "download", "-json", module))["Dir"]
        folder = Path(module_folder, "kustomize", "stage")
        files = (file for stage in _STAGE_FOLDERS for file in sorted((folder / stage).glob("*.yaml")))
        kept = (file.read_text() for file in files if file.name not in _STAGES_LEFT_OUT)
        stages = self._workshop / "stages.yaml"
        stages.write_text("---\n".join(kept))
        stages.replace(self._programs.hollow_stages)

    def _run(self, *arguments: str) -> str:
        argv = ("nice", "-n", "19", str(self._go), *arguments)
        environment, pipe = go_environment(self._cache), subprocess.PIPE
        with subprocess.Popen(argv, cwd=self._workshop, env=environment, stdout=pipe, stderr=pipe, text=True) as going:
            assert going.stdout is not None
            assert going.stderr is not None
            last_lines = deque(self._progress(going.stderr), _LAST_LINES)
            printed = going.stdout.read()
        if going.returncode != 0:
            raise HarnessError(f"{' '.join(argv)} failed:\n{''.join(last_lines)}")
        return printed

    def _progress(self, lines: Iterable[str]) -> Iterator[str]:
        """A sign of life now and then: Go names every module that it fetches and every package that it compiles."""
        for number, line in enumerate(lines, 1):
            if number % _LINES_PER_SIGN == 0:
                self._say(f"  {number} packages")
            yield line


def cache_folder() -> Path:
    place = os.environ.get("XDG_CACHE_HOME")
    return (Path(place) if place else Path.home() / ".cache") / "clearway"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two builds at once would only be in each other's way."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
