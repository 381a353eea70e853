"""The command line: every command of the table; a module is loaded when its command is called."""

from __future__ import annotations

from cyclopts import App, Parameter

from clearway import __version__
from clearway.cli.commands import COMMANDS

app = App(
    name="clearway",
    help="The network acceptance test for Kubernetes clusters.",
    version=__version__,
    help_format="plaintext",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
    # Only a default that says something is shown: no False, no None, no empty list.
    default_parameter=Parameter(negative="", show_default=lambda value: value if isinstance(value, str) else None),
)
for _name, _row in COMMANDS.items():
    app.command(
        f"clearway.cli.{_row.target}",
        name=_name,
        help=_row.summary,
        help_epilogue="\n  clearway ".join(("Examples:", *_row.examples)),
    )
