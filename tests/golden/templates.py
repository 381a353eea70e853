"""What Go made of the templates in `gotemplate/`, and how to ask it again. Needs Go.

PYTHONPATH=src:tests .venv/bin/python -m golden.templates

`templates.txt` has a template a line (⏎ is a new line), `data.json` what they are all given, `outputs.txt` a line each:
what Go rendered, as a Python bytes literal, or `refused`.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from oracle.program import Oracle, built, plain_sources

HERE = Path(__file__).parent / "gotemplate"
REFUSED = "refused"


def templates() -> list[str]:
    return [line.replace("⏎", "\n") for line in lines("templates.txt")]


def data() -> Any:
    return json.loads((HERE / "data.json").read_text("utf-8"))


def outputs() -> list[bytes | None]:
    return [None if line == REFUSED else ast.literal_eval(line) for line in lines("outputs.txt")]


def lines(name: str) -> list[str]:
    return (HERE / name).read_text("utf-8").removesuffix("\n").split("\n")


def main() -> None:
    with Oracle(built(plain_sources())) as oracle:
        rendered = [oracle.render(template, data()) for template in templates()]
    shown = [REFUSED if output is None else repr(output) for output in rendered]
    (HERE / "outputs.txt").write_text("\n".join([*shown, ""]), "utf-8")


if __name__ == "__main__":
    main()
