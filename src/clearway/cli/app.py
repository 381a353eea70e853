"""The command line: every command of the table, loaded when it is called."""

from __future__ import annotations

from cyclopts import App

from clearway import __version__
from clearway.cli.commands import COMMANDS

app = App(
    name="clearway",
    help="The network acceptance test for Kubernetes clusters.",
    version=__version__,
    help_format="plaintext",
    result_action="return_value",
)
for _name, _summary in COMMANDS.items():
    _module = _name.replace("-", "_")
    app.command(f"clearway.cli.{_module}:{_module}", name=_name, help=_summary)
