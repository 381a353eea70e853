"""A real sshd of Debian's, with keys of its own, on any address: this machine's loopback, a lab node, a cluster's node.

    keys = Keys.made(folder)                             # once
    server = Sshd(keys, folder / "node-1", "198.18.0.1") # one a node
    server.script()                                      # sh that starts it; it goes to the background
    server.stop_script()                                 # sh that ends it
    keys.remember(server, ...)                           # into keys.known_hosts: their host keys are known
    server.host(...)                                     # how clearway's ssh gets in: an SshHost

`serving(server)` starts it on this machine and ends it. In a lab: `await started(site, {node: server})`.
Whoever logs in is root where the tests are, otherwise the user that they run as.
"""

from __future__ import annotations

import os
import pwd
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clearway.engine.table import search_path
from clearway.shell.ssh import SshHost, SshLogin
from clearway.site.lab.site import LabSite

_STARTED_WITHIN = 30

_CONFIG = """\
{listen}
Port {port}
HostKey {host_key}
AuthorizedKeysFile {authorized}
PidFile {folder}/pid
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 10:100:10
LogLevel VERBOSE
"""

_AS_ROOT = """\
set -e
if [ "$(cat /proc/self/setgroups)" = deny ]; then
    # Root of a user namespace can't become anybody else, which sshd's root wants to: it is nobody's root instead.
    id=4242 and="unshare --user --map-user=4242 --map-group=4242"
else
    id=0 and=
fi
{{ echo "root:x:$id:$id::{folder}:/bin/sh"; grep -v ^root: /etc/passwd; }} >{folder}/passwd
exec unshare --mount sh -ec "
    mount -t tmpfs run /run
    mkdir /run/sshd
    mount --bind {folder}/passwd /etc/passwd
    exec $and {command}"
"""
"""A plain shell and a home of its own for whoever logs in, whatever this machine's root has."""


@dataclass(frozen=True)
class Keys:
    """Who may log in, who may not, and whose host keys are known."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Keys:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("user", "stranger"):
            make_key(folder / name)
        (folder / "known_hosts").touch()
        return cls(folder)

    @property
    def user(self) -> Path:
        return self.folder / "user"

    @property
    def stranger(self) -> Path:
        """A key that no server lets in."""
        return self.folder / "stranger"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def remember(self, *servers: Sshd) -> None:
        with self.known_hosts.open("a") as file:
            for server in servers:
                file.writelines(f"{name} {server.public_key}\n" for name in server.known_as)


@dataclass(frozen=True)
class Sshd:
    keys: Keys
    folder: Path
    address: str
    port: int = 2222
    """One that needs no rights."""
    also_at: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        make_key(self.folder / "host")
        (self.folder / "config").write_text(
            _CONFIG.format(
                listen="\n".join(f"ListenAddress {address}" for address in (self.address, *self.also_at)),
                port=self.port,
                folder=self.folder,
                host_key=self.folder / "host",
                authorized=self.keys.user.with_suffix(".pub"),
            )
        )

    @property
    def public_key(self) -> str:
        return (self.folder / "host.pub").read_text().strip()

    @property
    def known_as(self) -> tuple[str, ...]:
        """Its names in known_hosts."""
        return tuple(name if self.port == 22 else f"[{name}]:{self.port}" for name in (self.address, *self.also_at))

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def argv(self) -> tuple[str, ...]:
        return ("/usr/sbin/sshd", "-f", str(self.folder / "config"), "-E", str(self.folder / "log"))

    def script(self, *more: str) -> str:
        """For a shell that is root, anywhere: starts it in the background, in a mount namespace of its own."""
        return _AS_ROOT.format(folder=self.folder, command=shlex.join((*self.argv(), *more)))

    def stop_script(self) -> str:
        """It takes nobody in any more; who is in stays."""
        return f"kill $(cat {self.folder}/pid)"

    def host(self, *, address: str | None = None, **more: Any) -> SshHost:
        usual = SshLogin(login(), self.port, self.keys.user, self.keys.known_hosts)
        return SshHost(address or self.address, replace(usual, **more))


def login() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def make_key(path: Path) -> None:
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True, timeout=30)


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


@contextmanager
def serving(server: Sshd) -> Iterator[Sshd]:
    """On this machine, as the user that the tests run as; ends it with every session of its."""
    shell = server.script("-D") if os.geteuid() == 0 else f"exec {shlex.join((*server.argv(), '-D'))}"
    tied = ("setpriv", "--pdeathsig", "KILL", "--")
    process = subprocess.Popen([*tied, "sh", "-c", shell], start_new_session=True)
    try:
        _await_listening(server, process)
        yield server
    finally:
        sessions = descendants(process.pid)
        process.kill()
        process.wait(10)
        for pid in sessions:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    said = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, timeout=10, check=False).stdout
    return [found for child in map(int, said.split()) for found in (child, *descendants(child))]


def _await_listening(server: Sshd, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTED_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with socket.socket(socket.AF_INET6 if ":" in server.address else socket.AF_INET) as tried:
            if tried.connect_ex((server.address, server.port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"sshd does not listen: {server.log}")


async def started(site: LabSite, servers: Mapping[str, Sshd]) -> None:
    """On the nodes of a running lab; they end with it."""
    for node, server in servers.items():
        ran = await site.execute(node, ("sh", "-c", f"PATH={search_path(os.environ)}; {server.script()}"))
        assert ran.exit == 0, (ran, server.log)
