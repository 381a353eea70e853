"""The transport over the system's `ssh`: the user's own configuration, agent, jump hosts and hardware keys apply.

Each node gets one connection first, which its commands share: a failure to connect is then distinct from the failure
of a command, and each node needs one login only.
"""

from __future__ import annotations

import re
import secrets
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from clearway.probe.records import Reason
from clearway.shell.base import CommandOutput, Connection

_CONNECT_TIMEOUT = 10
"""Seconds for the TCP connection: several retransmissions of a lost SYN (after 1, 3 and 7 s)."""
_ALIVE_INTERVAL, _ALIVE_COUNT = 5, 3
"""A connection counts as lost after 15 s (5 s, three times) without an answer."""
_PERSIST = 60
"""Seconds after its last command after which a connection ends by itself, in case the controller was killed."""
_SOCKET_PATH = 80
"""Bytes: the kernel takes 107 (unix(7)), and ssh adds a suffix of its own while it binds."""
_QUOTE = 200
"""Characters of a message: a few lines of a terminal."""
_FAILED = 255
"""The exit of ssh itself (ssh(1), "EXIT STATUS")."""


class HostKeys(StrEnum):
    """Which host keys are accepted, in the words of ssh's StrictHostKeyChecking."""

    STRICT = "yes"
    """The key must be known already."""
    ACCEPT_NEW = "accept-new"
    """An unknown key is accepted and remembered; a changed one is refused."""


POLICIES: Mapping[str, HostKeys] = {"strict": HostKeys.STRICT, "accept-new": HostKeys.ACCEPT_NEW}
"""As users write them."""


@dataclass(frozen=True)
class SshLogin:
    """How to log in. What is None is left to the user's own ssh configuration."""

    user: str | None = None
    port: int | None = None
    key: Path | None = None
    """Path of the private key; only ssh reads it."""
    known_hosts: Path | None = None
    bastion: str | None = None
    """As ssh's ProxyJump takes it: `[user@]host[:port]`, several separated by commas."""
    host_keys: HostKeys = HostKeys.STRICT


@dataclass(frozen=True)
class SshHost:
    """One node."""

    address: str
    """Address, name, or alias in the user's configuration."""
    login: SshLogin = SshLogin()
    options: tuple[str, ...] = ()
    """More of ssh's own, `Name=value`."""


class SshTransport:
    """Nodes by name. A connection needs a private folder for its socket; `close` removes it."""

    def __init__(self, hosts: Mapping[str, SshHost]) -> None:
        self._hosts = hosts
        self._sockets = _unused_folder()
        self._numbers = {node: number for number, node in enumerate(hosts)}

    def obstacle(self, node: str) -> Reason | None:
        return None if node in self._hosts else Reason("shell.unknown-node", {"node": node})

    def command(self, node: str, argv: Sequence[str]) -> tuple[str, ...]:
        """The login shell on the node splits it into words again, as every POSIX shell does."""
        return (*self._ssh(node), "-o", "ControlMaster=no", "-T", *self._target(node), shlex.join(argv))

    def connection(self, node: str) -> Connection:
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        ssh, target = self._ssh(node), self._target(node)
        persist = ("-o", "ControlMaster=yes", "-o", f"ControlPersist={_PERSIST}")
        return Connection(
            make=(*ssh, *persist, "-f", "-N", *target),
            check=(*ssh, "-O", "check", *target),
            end=(*ssh, "-O", "exit", *target),
        )

    def failure(self, node: str, output: CommandOutput) -> Reason | None:
        """By the exit status that ssh reserves for itself, and by its messages."""
        if output.exit != _FAILED:
            return None
        return Reason(ssh_failure(output.stderr) or "shell.connection-lost", self._values(node, output))

    def close(self) -> None:
        folder, self._sockets = self._sockets, _unused_folder()
        shutil.rmtree(folder, ignore_errors=True)

    def _ssh(self, node: str) -> tuple[str, ...]:
        return ("ssh", *(word for option in self._options(node) for word in ("-o", option)))

    def _options(self, node: str) -> Iterator[str]:
        host = self._hosts[node]
        yield from ("BatchMode=yes", "ClearAllForwardings=yes", "RemoteCommand=none")
        yield f"ControlPath={self._sockets / str(self._numbers[node])}"
        yield f"ConnectTimeout={_CONNECT_TIMEOUT}"
        yield f"ServerAliveInterval={_ALIVE_INTERVAL}"
        yield f"ServerAliveCountMax={_ALIVE_COUNT}"
        yield from _login_options(host.login)
        yield from host.options

    def _target(self, node: str) -> tuple[str, ...]:
        return "--", self._hosts[node].address

    def _values(self, node: str, output: CommandOutput) -> dict[str, str | None]:
        host = self._hosts[node]
        key = None if host.login.key is None else str(host.login.key)
        return {
            "node": node,
            "address": host.address,
            "user": host.login.user,
            "key": key,
            "quote": _last_line(output.stderr),
        }


def _login_options(login: SshLogin) -> Iterator[str]:
    yield f"StrictHostKeyChecking={login.host_keys}"
    if login.known_hosts is not None:
        yield f"UserKnownHostsFile={_in_config(login.known_hosts)}"
    if login.key is not None:
        yield f"IdentityFile={_in_config(login.key)}"
        yield "IdentitiesOnly=yes"
    if login.port is not None:
        yield f"Port={login.port}"
    if login.user is not None:
        yield f"User={login.user}"
    if login.bastion is not None:
        yield f"ProxyJump={login.bastion}"


_EVIDENCE = tuple(
    (re.compile(words, re.IGNORECASE), code)
    for words, code in (
        (r"REMOTE HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY", "shell.host-key-changed"),
        (r"No \S+ host key is known for|authenticity of host .* can't be established", "shell.host-key-unknown"),
        (r"Host key verification failed", "shell.host-key-changed"),
        (r"Permission denied \(|Too many authentication failures", "shell.key-refused"),
        (r"Could not resolve hostname|Name or service not known", "shell.name-unknown"),
        (r"Connection refused", "shell.connection-refused"),
        (r"No route to host|(?:Network|Host) is (?:unreachable|down)", "shell.no-route"),
        (
            r"(?:Connection|Operation) timed out|Connection to .* timed out|timed out during banner",
            "shell.no-connection",
        ),
        (r"Bad configuration option|bad permissions on|Bad owner or permissions", "shell.ssh-configuration"),
    )
)
"""Message of ssh or the kernel -> why; the first match counts, so the most specific stand first."""


def ssh_failure(stderr: str) -> str | None:
    """The code of why ssh did not reach a host, by its messages."""
    return next((code for words, code in _EVIDENCE if words.search(stderr)), None)


def _unused_folder() -> Path:
    """A name that can't be guessed, short enough for a socket below it."""
    name = f"clearway-{secrets.token_hex(8)}"
    folder = Path(tempfile.gettempdir(), name)
    return folder if len(bytes(folder)) <= _SOCKET_PATH else Path("/tmp", name)  # noqa: S108 - made by us alone, or not at all


def _in_config(path: Path) -> str:
    """As ssh reads a file's name in an option: `%` begins a token, quotes keep blanks."""
    return '"' + str(path).replace("%", "%%") + '"'


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:_QUOTE] if lines else ""
