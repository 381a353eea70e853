"""`python -m benchmarks.cl2_templates REPOSITORY [PYTHON]`: our templates beside Go's, over a clone of perf-tests.

Every templated YAML there is rendered with several sets of variables, by Go with ClusterLoader2's own functions and by
us, as it is and with the protection of the YAML's structure. Given a Python that has the package gotpl, its speed is
measured too, in turns with ours. Nothing of the clone comes into this project. Exit 1 if a rendering differs.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from clearway.cl2.templates import Templates
from clearway.spec.problems import SpecError
from oracle.program import Oracle, built, cl2_sources

FUNCTIONS = Path("clusterloader2/pkg/config/template_functions.go")
TURNS = 7
_NAME = re.compile(r"\.([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Case:
    """One file with one set of variables. `root` is what it may include from."""

    root: Path
    path: Path
    variables: Mapping[str, Any]


VALUES: tuple[object, ...] = ("some-text", 3.0, 3, [1.0, "two"], True, "a: b\nc: [", 1e-6)
"""Each is what all variables of a file have, in one rendering; in one more there are none."""


def cases(clone: Path) -> Iterator[Case]:
    for path in sorted((*clone.rglob("*.yaml"), *clone.rglob("*.yml"))):
        text = path.read_text("utf-8")
        if "{{" in text:
            names = sorted(set(_NAME.findall(text)))
            yield Case(_root(path), path, {})
            yield from (Case(_root(path), path, dict.fromkeys(names, value)) for value in VALUES)


def _root(path: Path) -> Path:
    """Manifests include from the folder that holds them all, as a config does."""
    manifests = next((above for above in path.parents if above.name == "manifests"), None)
    return manifests or path.parent


def compared(oracle: Oracle, case: Case, *, checked: bool) -> str:
    """How our rendering stands to Go's."""
    text = case.path.read_text("utf-8")
    said = oracle.answer(text, dict(case.variables), folder=str(case.root), checked=checked)
    templates = Templates(case.root)
    try:
        ours = (templates if checked else templates.unchecked)(case.path, case.variables)
    except SpecError as error:
        return "both refuse" if said["output"] is None else f"only we refuse: {case.path} {error}"
    if said["output"] is None:
        return f"only Go refuses: {said['error'][:60]}" if checked else f"only Go refuses: {case.path} {said['error']}"
    same = Oracle.output(said) == ours.encode("utf-8", "surrogateescape")
    return "same" if same else f"different: {case.path}"


def unpacked(repository: Path, folder: Path) -> Path:
    """The files of the repository's newest commit; it may be bare."""
    archive = subprocess.run(("git", "-C", str(repository), "archive", "HEAD"), check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def speed(all_cases: list[Case], python: str, folder: Path) -> None:
    """Prints what one pass takes both engines, in turns."""
    file = folder / "cases.json"
    file.write_text(json.dumps([[case.path.read_text("utf-8"), dict(case.variables)] for case in all_cases]), "utf-8")
    refused = set(_pass("gotpl", python, file)["refused"]) | set(_pass("gotemplate", sys.executable, file)["refused"])
    kept = [case for number, case in enumerate(json.loads(file.read_text("utf-8"))) if number not in refused]
    file.write_text(json.dumps(kept), "utf-8")
    turns = [(_pass("gotemplate", sys.executable, file), _pass("gotpl", python, file)) for _ in range(TURNS)]
    for what in ("reading", "rendering", "both"):
        ratios = [_seconds(theirs, what) / _seconds(ours, what) for ours, theirs in turns]
        own = median(_seconds(ours, what) for ours, _ in turns)
        print(f"{what}: {len(kept)} in {own:.3f} s, gotpl {median(ratios):.1f} times that ({min(ratios):.1f} at least)")


def _pass(engine: str, python: str, file: Path) -> dict[str, Any]:
    argv = (python, "-m", "benchmarks.template_speed", engine, str(file))
    ran = subprocess.run(argv, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": "src:."})
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def _seconds(told: Mapping[str, Any], what: str) -> float:
    return float(told["reading"] + told["rendering"] if what == "both" else told[what])


def main(repository: Path, python: str | None) -> int:
    with tempfile.TemporaryDirectory() as folder:
        clone = unpacked(repository, Path(folder) / "clone")
        all_cases = list(cases(clone))
        program = built(cl2_sources((clone / FUNCTIONS).read_bytes()), "mod", "tidy")
        wrong = 0
        with Oracle(program) as oracle:
            for checked in (False, True):
                told = Counter(compared(oracle, case, checked=checked) for case in all_cases)
                print(f"{'protected' if checked else 'as it is'}: {len(all_cases)} renderings")
                for outcome, count in told.most_common():
                    print(f"  {count:5} {outcome}")
                wrong += sum(count for outcome, count in told.items() if outcome not in ("same", "both refuse"))
        if python is not None:
            speed(all_cases, python, Path(folder))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
