"""Many hosts over real ssh: logins stay few enough for a server that counts them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clearway.probe.records import Finding, Slot
from clearway.shell.runner import Runner
from clearway.site.base import Ready
from clearway.site.hosts.model import HostsSpec
from clearway.site.hosts.site import HostsSite, ssh_transport
from sshd import Keys, Sshd, free_port, login, serving

pytestmark = pytest.mark.slow
MANY = 16
"""As many addresses as one sshd takes, and more logins than it lets wait."""


async def test_more_hosts_than_a_server_takes_logins_at_once_all_get_their_worker(tmp_path: Path) -> None:
    first, *others = addresses = [f"127.0.3.{number}" for number in range(1, MANY + 1)]
    keys = Keys.made(tmp_path / "keys")
    server = Sshd(keys, tmp_path / "server", first, free_port(), tuple(others))
    keys.remember(server)
    hosts = HostsSpec.model_validate(
        {
            "version": 1,
            "known-hosts": str(keys.known_hosts),
            "defaults": {"python": sys.executable, "user": login(), "port": server.port, "key": str(keys.user)},
            "hosts": [{"name": at, "address": at, "machine": at} for at in addresses],
        }
    )
    road, log = ssh_transport(hosts), list[Finding]()
    site = HostsSite(hosts, road, Runner(road, log=log.append), log=log.append)
    with serving(server):
        try:
            await site.start([Slot(at) for at in addresses])
            events = site.events()
            came = [await anext(events) for _ in addresses]
        finally:
            await site.stop()
    assert {event.worker.slot.node for event in came if isinstance(event, Ready)} == set(addresses), came
    assert log == []
