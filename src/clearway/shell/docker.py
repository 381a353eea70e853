"""The transport to nodes that are containers on this machine."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clearway.probe.records import Reason
from clearway.shell.base import CommandOutput, Connection

_EVIDENCE = (
    (re.compile(r"No such container", re.IGNORECASE), "shell.no-container"),
    (re.compile(r"is not running|is paused", re.IGNORECASE), "shell.container-not-running"),
    (re.compile(r"Cannot connect to the Docker daemon|permission denied while trying to connect"), "shell.no-docker"),
)
_DAEMON = re.compile(r"\AError(?: response from daemon)?: |\A(?:Cannot connect|permission denied while trying)")
"""How messages of docker itself begin."""


class DockerTransport:
    """A node's name is its container's."""

    def command(self, node: str, argv: Sequence[str]) -> tuple[str, ...]:
        return ("docker", "exec", "--interactive", node, *argv)

    def connection(self, node: str) -> Connection | None:
        return None

    def obstacle(self, node: str) -> Reason | None:
        return None

    def failure(self, node: str, output: CommandOutput) -> Reason | None:
        if output.exit == 0 or output.stdout or not _DAEMON.search(output.stderr):
            return None
        code = next((code for words, code in _EVIDENCE if words.search(output.stderr)), "shell.road-failed")
        return Reason(code, {"node": node, "exit": output.exit, "quote": output.stderr.strip()[-200:]})

    def close(self) -> None:
        """It keeps nothing."""
