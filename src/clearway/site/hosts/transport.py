"""The ssh transport to the hosts of a hosts file."""

from __future__ import annotations

from clearway.shell.ssh import POLICIES, SshHost, SshTransport
from clearway.site.hosts.model import Host, HostsSpec


def ssh_transport(hosts: HostsSpec) -> SshTransport:
    """One transport to all of them, by their names."""
    return SshTransport({host.name: _entered(host, hosts) for host in hosts.resolved()})


def _entered(host: Host, hosts: HostsSpec) -> SshHost:
    return SshHost(
        host.address,
        user=host.user,
        port=host.port,
        key=host.key,
        known_hosts=hosts.known_hosts,
        host_keys=POLICIES[hosts.host_keys],
    )
