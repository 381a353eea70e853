"""The command `clusterloader2`: ClusterLoader2's flags, clearway's measurement."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from clearway import __version__
from clearway.cl2.flags import FLAGS, Flag, Given
from clearway.cli.flags import chosen_language, language_of_words
from clearway.cli.main import exit_code_of, signals_held
from clearway.probe.records import Finding, Severity
from clearway.report.wording import sentence

_VERBOSE = 2
"""From this `-v` on, everything that happens is logged."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tests that the flags name and return the exit code; every error becomes a message on stderr."""
    words = list(sys.argv[1:] if argv is None else argv)
    return exit_code_of(lambda: _run(words), words, "clusterloader2")


def _run(words: list[str]) -> int | None:
    parsed = command(FLAGS)(words, exit_on_error=False, print_error=True)
    return parsed if parsed is None else _run_tests(parsed)


def command(flags: Sequence[Flag]) -> App:
    """The command line of a table of flags. Called, it returns the given values by the flags' own names."""

    def given(**values: Any) -> Given:
        names = {flag.parameter: flag for flag in flags}
        return {names[key].name: _split(names[key], value) for key, value in values.items() if value is not None}

    parameters = {flag.parameter: _parameter(flag) for flag in flags}
    signature = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in parameters.items()
    ]
    given.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
    given.__annotations__ = parameters
    app = App(
        name="clusterloader2",
        version=__version__,
        help=sentence("door.help", {}, language_of_words()),
        help_format="plaintext",
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    app.default(given)
    return app


def _parameter(flag: Flag) -> Any:
    names = [f"--{flag.name}", f"-{flag.name}"]
    text = sentence(flag.code, {}, language_of_words())
    return Annotated[flag.kind | None, Parameter(name=names, negative="", env_var=flag.env, help=text)]


def _split(flag: Flag, value: Any) -> Any:
    """Comma lists become single values."""
    return tuple(part for text in value for part in text.split(",")) if flag.commas else value


def _run_tests(given: Given) -> int:
    with signals_held():
        from clearway.cl2.flags import without_effect
        from clearway.cl2.options import options
        from clearway.cli.cl2_run import run_tests
        from clearway.cli.log import stderr_log
        from clearway.cli.sites import finding_log

    spoken = chosen_language(given.get("lang"))
    with stderr_log(verbose=given.get("v", 0) >= _VERBOSE):
        log = finding_log(spoken)
        for flag, severity in without_effect(given, os.environ):
            reason = sentence(flag.code, {}, spoken)
            log(Finding("door.flag-without-effect", severity, f"--{flag.name}", {"reason": reason}))
        chosen = options(given, os.environ)
        for name in chosen.node_access.without_effect if chosen.node_access is not None else ():
            log(Finding("provider.config-without-effect", Severity.WARNING, name))
        return run_tests(chosen, spoken)
