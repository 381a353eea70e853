"""The command `clearway`: one command of the table, and its end as an exit code.

Exit codes: 0 accepted or measured, 1 rejected, 2 usage or spec, 3 inconclusive or the site would not let
us, 4 our bug, 130 interrupted.
"""

from __future__ import annotations

import logging
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from clearway.base.errors import INTERRUPTED, ClearwayError
from clearway.cli.commands import COMMANDS, overview
from clearway.cli.streams import open_outlets, take_lost_output

BUG = 4
"""Of no verdict, refusal or site: only a fault in clearway itself ends so."""
_OF_HOME = re.compile(r"(--[a-z-]+=)?(~(?:/.*)?)")
NOT_WRITTEN = 3
"""Exit code where all went well but the output: a disk that is full."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error becomes a message on stderr and its code."""
    words = list(map(_at_home, sys.argv[1:] if argv is None else argv))
    # `help`, `help COMMAND` and `version` are the flags that they stand for.
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    elif words == ["version"]:
        words = ["--version"]
    if words in ([], ["--help"], ["-h"]):
        return exit_code_of(lambda: print(overview(), end=""), words)
    return exit_code_of(lambda: _called(words), words)


def _called(words: list[str]) -> int | None:
    with signals_held():
        from clearway.cli.app import app

        if words[0] in COMMANDS:
            app[words[0]]  # loads the module
    return app(words, exit_on_error=False, print_error=True)  # type: ignore[no-any-return]


def _at_home(word: str) -> str:
    """With `~` as the home folder: a shell expands it at the begin of a word only, not in `--report-dir=~/x`."""
    found = _OF_HOME.fullmatch(word)
    return word if found is None else f"{found[1] or ''}{Path(found[2]).expanduser()}"


def exit_code_of(act: Callable[[], int | None], words: Sequence[str], program: str = "clearway") -> int:
    """Map the result or the exception of `act` to an exit code; an error becomes a message on stderr.

    Output that is lost changes no other exit code than 0; a reader that has ended, as `head` does, changes none.
    """
    open_outlets()
    interrupt_on_signals()
    code = _ended(act, shlex.join([program, *words]))
    lost = take_lost_output()
    if lost is not None:
        _say(ClearwayError("cli.output-lost", error=lost.strerror))
    return code or (NOT_WRITTEN if lost is not None else 0)


def _ended(act: Callable[[], int | None], command: str) -> int:
    try:
        return act() or 0
    except ClearwayError as error:
        _say(error)
        return error.exit_code
    except KeyboardInterrupt:
        with last_words():
            _say(ClearwayError("cli.interrupted", command=command))
        return INTERRUPTED
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else BUG
    except Exception as error:  # noqa: BLE001 - every exception has to become an exit code
        return _unexpected(error)


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_held() -> Iterator[None]:
    """Those that end a command take effect after this. For loading modules: half loaded, one can't be loaded again."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def last_words() -> Iterator[None]:
    """In it a command says that it was interrupted: later signals change nothing, broken-off tasks add nothing."""
    with signals_held():
        logging.getLogger("asyncio").addFilter(_is_not_interrupted)
        yield
        while signal.sigtimedwait(_ENDING, 0) is not None:
            pass


def _is_not_interrupted(record: logging.LogRecord) -> bool:
    return record.exc_info is None or record.exc_info[0] is not KeyboardInterrupt


def interrupt_on_signals() -> None:
    """SIGTERM, and SIGHUP of a terminal that is gone, do what Ctrl-C does: what runs is cancelled and ends in order.

    A SIGHUP that is ignored, as below `nohup`, stays so. SIGINT does not: a shell ignores it for its background jobs,
    which SIGTERM has to end in order too.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)


def _say(error: ClearwayError) -> None:
    with signals_held():
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
