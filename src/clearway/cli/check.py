"""`clearway check`: will a run work on this cluster or on these hosts, and if not, exactly why."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from clearway.base.errors import UsageError
from clearway.cli.cluster import NO_CLUSTER, ClusterRunFlags, HowCluster
from clearway.cli.options import HostsFile, Lang, language
from clearway.cli.provider import NO_PROVIDER, HowNodes
from clearway.probe.records import Finding
from clearway.report.language import Language
from clearway.shell.node_access import NodeAccess

NOT_FIT = 3


def check(
    *, hosts: HostsFile = None, cluster: HowCluster = NO_CLUSTER, nodes: HowNodes = NO_PROVIDER, lang: Lang = None
) -> int:
    """Look at the cluster or the hosts, start a worker on every node, and say what stands in the way of a run.

    With a provider, also run a command on every node.
    """
    from clearway.cli.log import stderr_log
    from clearway.probe.records import Severity
    from clearway.report.wording import describe_finding, sentence

    if hosts is not None and cluster.given:
        raise UsageError("cli.two-sites")
    if hosts is None and not cluster.given:
        raise UsageError("cli.no-cluster")
    spoken, node_access = language(lang), nodes.node_access()
    if hosts is not None and node_access is not None:
        raise UsageError("cli.provider-without-cluster")
    with stderr_log(verbose=False):
        found = asyncio.run(_of_cluster(cluster, node_access, spoken) if hosts is None else _of_hosts(hosts, spoken))
    for finding in found:
        mark = sentence(f"severity.{finding.severity.value}", {}, spoken)
        print(f"{mark} {describe_finding(finding, spoken)}")
    fit = not any(finding.severity is Severity.ERROR for finding in found)
    print(sentence("cli.fit" if fit else "cli.not-fit", {}, spoken), file=sys.stdout)
    return 0 if fit else NOT_FIT


async def _of_cluster(
    cluster: ClusterRunFlags, node_access: NodeAccess | None, spoken: Language
) -> tuple[Finding, ...]:
    from clearway.cli.sites import finding_log
    from clearway.site.kubernetes.checking import check as checked
    from clearway.site.kubernetes.node_shell import tried

    options, log = cluster.options(None), finding_log(spoken)
    found = await checked(options, log)
    return found if node_access is None else (*found, *await tried(options, node_access, log))


async def _of_hosts(file: Path, spoken: Language) -> tuple[Finding, ...]:
    from clearway.cli.sites import hosts_site
    from clearway.site.hosts.checking import check as checked
    from clearway.site.hosts.model import load_hosts

    return await checked(hosts_site(load_hosts(file), spoken))
