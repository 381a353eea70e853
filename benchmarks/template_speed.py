"""`python -m benchmarks.template_speed ENGINE CASES`: seconds that one engine takes for a file of cases, as JSON.

It runs by itself, so that each engine has a process and a Python of its own. Cases are `[text, data]`; those that the
engine refuses are named by their number.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clearway.cl2.templates.chance import Random
from clearway.cl2.templates.functions import cl2_functions
from gotemplate import Template

Render = Callable[[Any], str]
Engine = Callable[[str], Render]
"""Reads a template."""


def included(name: object) -> str:
    return f"text of {name}\n"


FUNCTIONS = cl2_functions(Random(1), included)


def ours(text: str) -> Render:
    return Template(text, functions=FUNCTIONS).render


def theirs(text: str) -> Render:
    import gotpl  # type: ignore[import-not-found]

    made = gotpl.Template(text, functions={name: one.call for name, one in FUNCTIONS.items()})
    return lambda data: str(made.render(data))


ENGINES: dict[str, Engine] = {"gotemplate": ours, "gotpl": theirs}


def main(engine: Engine, cases: list[tuple[str, Any]]) -> dict[str, Any]:
    reading, rendering, refused = 0.0, 0.0, []
    for number, (text, data) in enumerate(cases):
        try:
            begun = time.perf_counter()
            render = engine(text)
            read = time.perf_counter()
            render(data)
            rendering += time.perf_counter() - read
            reading += read - begun
        except Exception:  # noqa: BLE001
            refused.append(number)
    return {"reading": reading, "rendering": rendering, "refused": refused}


if __name__ == "__main__":
    print(json.dumps(main(ENGINES[sys.argv[1]], json.loads(Path(sys.argv[2]).read_text("utf-8")))))
