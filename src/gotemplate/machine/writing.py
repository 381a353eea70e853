"""Closures that write text and values."""

from __future__ import annotations

from gotemplate.errors import Refusal
from gotemplate.formatting import shown
from gotemplate.machine.fields import walk
from gotemplate.machine.state import Evaluate, Execute, Run


def fields(pieces: list[tuple[str, int, str, int]], *, strict: bool) -> Execute:
    """Text and fields of the dot, the bulk of most templates: one closure writes them all."""

    def execute(run: Run, dot: object) -> None:
        write = run.write
        for text, begin, name, at in pieces:
            run.room -= len(text)
            if run.room < 0:
                run.make(0, begin)
            write(text)
            if name:
                value = dot.get(name) if dot.__class__ is dict else walk(dot, (name,), at, strict=strict)
                found = value if isinstance(value, str) else _text_of(value, at)
                run.room -= len(found)
                if run.room < 0:
                    run.make(0, at)
                write(found)

    return execute


def values(pieces: list[tuple[str, int, Evaluate | None, int]]) -> Execute:
    def execute(run: Run, dot: object) -> None:
        for text, begin, evaluate, at in pieces:
            run.put(text, begin)
            if evaluate is not None:
                value = evaluate(run, dot)
                run.put(value if isinstance(value, str) else _text_of(value, at), at)

    return execute


def printing(evaluate: Evaluate, at: int) -> Execute:
    def execute(run: Run, dot: object) -> None:
        value = evaluate(run, dot)
        run.put(value if isinstance(value, str) else _text_of(value, at), at)

    return execute


def _text_of(value: object, at: int) -> str:
    """Raises Refusal for what can't be printed."""
    try:
        return shown(value)
    except ValueError as error:
        raise Refusal(str(error), at) from error
