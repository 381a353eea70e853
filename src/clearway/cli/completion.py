"""`clearway completion`: the script with which a shell completes clearway's commands."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter


def completion(shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="Which shell.")]) -> int:
    """Print the completion script; source it or put it where the shell looks."""
    from clearway.cli.app import app

    print(app.generate_completion(prog_name="clearway", shell=shell), end="")
    return 0
