"""The command `clearway`: commands in a visible table, every ending mapped to an exit code.

Exit codes: 0 accepted or measured, 1 rejected, 2 usage or spec, 3 inconclusive or the site would not let
us, 4 our bug, 130 interrupted.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

from cyclopts import App

from clearway import __version__
from clearway.base.errors import ClearwayError

INTERRUPTED = 130
BUG = 4

app = App(
    name="clearway",
    help="The network acceptance test for Kubernetes clusters.",
    version=__version__,
    help_format="plaintext",
    result_action="return_value",
)
for _name, _summary in {
    "run": "Measure, judge and report: the acceptance test.",
    "plan": "Show what would run; nothing is started.",
    "judge": "Judge a run again, with other limits if given.",
    "report": "Write a report of a run.",
    "explain": "Explain a metric, a verdict, a message or a figure in plain words.",
    "init": "Print a spec to start from, or limits made from a run.",
    "completion": "Print the completion script of a shell.",
}.items():
    app.command(f"clearway.cli.{_name}:{_name}", name=_name, help=_summary)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error becomes a message on stderr and its code."""
    try:
        return app(argv, exit_on_error=False, print_error=True) or 0
    except ClearwayError as error:
        _say(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else BUG
    except Exception as error:  # noqa: BLE001 - the last stop: it must become an exit code
        return _unexpected(error)


def _say(error: ClearwayError) -> None:
    from clearway.cli.options import spoken_language
    from clearway.report.wording import describe_error

    print(describe_error(error, spoken_language()), file=sys.stderr)


def _unexpected(error: Exception) -> int:
    """A usage error of the command line, or a bug of ours with all that is needed to mend it."""
    from cyclopts import CycloptsError

    if isinstance(error, CycloptsError):
        return 2  # cyclopts has said what is wrong
    from clearway.base.errors import InternalError

    traceback.print_exc()
    _say(InternalError("internal.bug", error=f"{type(error).__name__}: {error}"))
    return BUG
