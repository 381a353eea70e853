"""The sample report of both READMEs: the top of the report of a run captured on a lab (`sample/`).

    PYTHONPATH=src:tests .venv/bin/python -m golden.sample

writes it into the READMEs again, for example after a change of the wording. The run itself, from the beginning:

    clearway run tests/golden/sample/spec.yaml --lab-file tests/golden/sample/lab.yaml --report-dir out/
"""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

from clearway.cli.main import main as clearway

RUN = Path(__file__).parent / "sample"
ROOT = Path(__file__).parents[2]
READMES = {"en": ROOT / "README.md", "ko": ROOT / "README.ko.md"}
_SECTIONS = 4
"""Headline, plain words, criteria, pairs that do not hold: the rest is for those who look closer."""
_BLOCK = re.compile(r"```text\n.*?```", re.DOTALL)


def sample(language: str) -> str:
    """The top of the run's report."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        status = clearway(["report", str(RUN), f"--lang={language}"])
    assert status == 0
    return "\n\n".join(printed.getvalue().split("\n\n")[:_SECTIONS]) + "\n"


def with_sample(readme: str, language: str) -> str:
    """The README's text with the sample in its one block of text."""
    made, count = _BLOCK.subn(lambda _: f"```text\n{sample(language)}```", readme)
    assert count == 1
    return made


def main() -> None:
    for language, path in READMES.items():
        path.write_text(with_sample(path.read_text(encoding="utf-8"), language), encoding="utf-8")


if __name__ == "__main__":
    main()
