"""The command `clearway`: one command of the table, and its end as an exit code.

Exit codes: 0 accepted or measured, 1 rejected, 2 usage or spec, 3 inconclusive or the site would not let
us, 4 our bug, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from clearway.base.errors import INTERRUPTED, ClearwayError
from clearway.cli.commands import overview

BUG = 4


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error becomes a message on stderr and its code."""
    words = list(sys.argv[1:] if argv is None else argv)
    # `help`, `help COMMAND` and `version` are the flags that they stand for.
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    elif words == ["version"]:
        words = ["--version"]
    if words in ([], ["--help"], ["-h"]):
        sys.stdout.write(overview())
        return 0
    from clearway.cli.app import app

    return exit_code_of(lambda: app(words, exit_on_error=False, print_error=True))


def exit_code_of(act: Callable[[], int | None]) -> int:
    """Map the result or the exception of `act` to an exit code; an error becomes a message on stderr."""
    try:
        return act() or 0
    except ClearwayError as error:
        _say(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else BUG
    except Exception as error:  # noqa: BLE001 - every exception has to become an exit code
        return _unexpected(error)


def _say(error: ClearwayError) -> None:
    from clearway.cli.flags import language_of_words
    from clearway.report.wording import describe_error

    print(describe_error(error, language_of_words()), file=sys.stderr)


def _unexpected(error: Exception) -> int:
    """A usage error of the command line, or a bug of ours: then with its traceback."""
    import traceback

    from cyclopts import CycloptsError

    from clearway.base.errors import InternalError

    if isinstance(error, CycloptsError):
        return 2  # cyclopts has printed what is wrong

    traceback.print_exc()
    _say(InternalError("internal.bug", error=f"{type(error).__name__}: {error}"))
    return BUG
