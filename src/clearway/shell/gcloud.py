"""The transport over `gcloud compute ssh`: Google's own tool finds project, address, user and key."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clearway.probe.records import Reason
from clearway.shell.base import CommandOutput, Connection
from clearway.shell.ssh import HostKeys, ssh_failure

_OWN = re.compile(r"^ERROR: \(gcloud\.", re.MULTILINE)
"""How messages of gcloud itself begin."""


@dataclass(frozen=True)
class GcloudTransport:
    zones: Mapping[str, str | None]
    """Node -> zone, as its label says."""
    user: str | None = None
    project: str | None = None
    internal: bool = False
    """Over the nodes' internal addresses."""
    host_keys: HostKeys = HostKeys.STRICT

    def obstacle(self, node: str) -> Reason | None:
        return None if self.zones.get(node) else Reason("shell.no-zone", {"node": node})

    def command(self, node: str, argv: Sequence[str]) -> tuple[str, ...]:
        """gcloud passes the command to ssh as it is, and ssh to the login shell on the node."""
        flags = [f"--zone={self.zones[node]}", "--quiet"]
        flags += [f"--project={self.project}"] if self.project is not None else []
        flags += ["--internal-ip"] if self.internal else []
        # By default gcloud accepts the first key that a host shows, and no other after that.
        flags += ["--strict-host-key-checking=yes"] if self.host_keys is HostKeys.STRICT else []
        login = node if self.user is None else f"{self.user}@{node}"
        command = f"--command={shlex.join(argv)}"
        return ("gcloud", "compute", "ssh", login, *flags, command, "--", "-T", "-o", "BatchMode=yes")

    def connection(self, node: str) -> Connection | None:
        return None

    def failure(self, node: str, output: CommandOutput) -> Reason | None:
        if output.exit == 0 or not (own := _OWN.search(output.stderr)):
            return None
        values = {"node": node, "address": node, "quote": output.stderr[own.start() :].strip().splitlines()[0][:200]}
        code = ssh_failure(output.stderr)
        return Reason(code, values) if code else Reason("shell.road-failed", {**values, "exit": output.exit})

    def close(self) -> None:
        """It keeps nothing."""
