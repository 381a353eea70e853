"""The way to a node's operating system where nodes are namespaces of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearway.probe.records import Reason
from clearway.shell.base import CommandOutput, Connection
from harness.machinery import Machinery


@dataclass(frozen=True)
class NsenterRoad:
    """No link between it and the node: a node that is cut off is still reached by it."""

    machinery: Machinery

    def command(self, node: str, argv: Sequence[str]) -> tuple[str, ...]:
        path = f"PATH={self.machinery.folder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return self.machinery.entering(("env", path, *argv), node)

    def connection(self, node: str) -> Connection | None:
        return None

    def obstacle(self, node: str) -> Reason | None:
        return None

    def failure(self, node: str, said: CommandOutput) -> Reason | None:
        return None

    def close(self) -> None:
        """Nothing is kept."""
