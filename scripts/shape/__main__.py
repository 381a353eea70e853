"""`python -m scripts.shape [--json] [--places] [--check] [--tree PATH]`: the figures. `--check`: 1 if one misses."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.shape import circles, copies, names, sizes, way, words
from scripts.shape.figure import Figure
from scripts.shape.source import read_source
from scripts.shape.table import as_json, as_table

ROOT = Path(__file__).parents[2]


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    figures = take(options.tree.resolve() / "src")
    print(as_json(figures) if options.json else as_table(figures, with_places=options.places))
    missed = any(figure.met is False for figure in figures)
    return 1 if options.check and missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m scripts.shape", description="How easy the source is to read.")
    parser.add_argument("--json", action="store_true", help="every figure with the places that it counts")
    parser.add_argument("--places", action="store_true", help="the places below the table")
    parser.add_argument("--check", action="store_true", help="exit 1 if a goal is missed")
    parser.add_argument("--tree", type=Path, default=ROOT, help="a checkout of another commit")
    return parser


def take(source: Path) -> list[Figure]:
    files = read_source(source)
    return [
        *names.figures(files),
        *words.figures(source, files),
        *way.figures(source),
        *circles.figures(files),
        *copies.figures(files),
        *sizes.figures(files),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
