"""`clearway check`: whether a run will work on this cluster or on these hosts, and if not, exactly why."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from clearway.base.errors import UsageError
from clearway.cli.flags import ClusterRunFlags, HostsFile, Lang, ProviderFlags, chosen_language
from clearway.cli.log import stderr_log
from clearway.cli.sites import finding_log, hosts_site
from clearway.probe.records import Finding, Severity
from clearway.report.wording import Language, describe_finding, sentence
from clearway.site.hosts import checking as hosts_checking
from clearway.site.hosts.model import load_hosts
from clearway.site.kubernetes import checking as kubernetes_checking
from clearway.site.kubernetes.node_shell import tried

NOT_FIT = 3
"""Exit code where a run would not work, as of a run that the site does not let work."""


def check(
    *,
    hosts: HostsFile = None,
    cluster_flags: ClusterRunFlags = ClusterRunFlags(),
    provider_flags: ProviderFlags = ProviderFlags(),
    lang: Lang = None,
) -> int:
    """Look at the cluster or the hosts, start a worker on every node, and say what stands in the way of a run.

    With a provider, also run a command on every node.
    """
    if hosts is not None and cluster_flags.given:
        raise UsageError("cli.two-sites")
    if hosts is not None and provider_flags.given:
        raise UsageError("cli.provider-without-cluster")
    language = chosen_language(lang)
    with stderr_log(verbose=False):
        found = asyncio.run(
            _of_cluster(cluster_flags, provider_flags, language) if hosts is None else _of_hosts(hosts, language)
        )
    return _shown(found, language)


def _shown(found: Iterable[Finding], language: Language) -> int:
    """Print the findings and what follows from them; returns the exit code."""
    fit = True
    for finding in found:
        mark = sentence(f"severity.{finding.severity.value}", {}, language)
        print(f"{mark} {describe_finding(finding, language)}")
        fit = fit and finding.severity is not Severity.ERROR
    print(sentence("cli.fit" if fit else "cli.not-fit", {}, language))
    return 0 if fit else NOT_FIT


async def _of_cluster(
    cluster_flags: ClusterRunFlags, provider_flags: ProviderFlags, language: Language
) -> tuple[Finding, ...]:
    options, log = cluster_flags.options(None), finding_log(language)
    node_access = provider_flags.given_access
    found = await kubernetes_checking.check(options, log)
    return found if node_access is None else (*found, *await tried(options, node_access, log))


async def _of_hosts(file: Path, language: Language) -> tuple[Finding, ...]:
    return await hosts_checking.check(hosts_site(load_hosts(file), language))
