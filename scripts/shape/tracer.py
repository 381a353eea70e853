"""`python tracer.py SRC OUT WORD ...`: runs clearway with these words, and writes to OUT what was called in it.

It sees this process alone, all its threads, in the order of time. A call is a function that begins or goes on (a
coroutine, a generator); bodies of modules and classes, lambdas and comprehensions do not count.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import threading
from collections import Counter
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType
from typing import Any


def main(source: str, out: str, words: list[str]) -> int:
    run = import_module("clearway.cli.main").main
    calls: list[CodeType] = []

    def note(frame: FrameType, event: str, value: object) -> None:
        if event == "call" and _counts(frame.f_code, source):
            calls.append(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        return int(run(words))
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        Path(out).write_text(json.dumps(_summary(calls, source)))


def _counts(code: CodeType, source: str) -> bool:
    is_function = bool(code.co_flags & inspect.CO_OPTIMIZED) and not code.co_name.startswith("<")
    return is_function and code.co_filename.startswith(source + os.sep)


def _summary(calls: list[CodeType], source: str) -> dict[str, Any]:
    by_function = Counter((os.path.relpath(code.co_filename, source), code.co_qualname) for code in calls)
    return {
        "calls": len(calls),
        "changes": sum(one.co_filename != other.co_filename for one, other in pairwise(calls)),
        "functions": [{"file": file, "name": name, "calls": count} for (file, name), count in by_function.items()],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
