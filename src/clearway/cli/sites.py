"""Which site a command means."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from clearway.base.errors import LedgerError, UsageError
from clearway.cli.log import LOGGER
from clearway.cli.wanted import SiteFlags
from clearway.probe.records import Finding, Severity
from clearway.report.language import Language
from clearway.report.wording import sentence
from clearway.shell.node_access import NodeAccess
from clearway.shell.runner import Runner
from clearway.site.base import Site
from clearway.site.hosts.model import HostsSpec, dump_hosts, load_hosts
from clearway.site.hosts.site import HostsSite
from clearway.site.hosts.transport import ssh_transport
from clearway.site.kubernetes.node_shell import kernel_shell
from clearway.site.kubernetes.options import KubernetesOptions, dump_options, load_options
from clearway.site.kubernetes.site import KubernetesSite
from clearway.site.lab.model import BUILT_IN, LabSpec, dump_lab, load_lab
from clearway.site.lab.site import LabSite
from clearway.site.watcher import Watcher
from clearway.watch.cluster import cluster_watchers
from clearway.watch.oom.tracker import OomTracker

LAB_FILE = "lab.yaml"
"""The lab that a run was made on, in its run directory."""
HOSTS_FILE = "hosts.yaml"
"""The hosts, and how each is entered; no secrets."""
CLUSTER_FILE = "cluster.json"
"""The cluster, and how it was measured; no secrets."""

_LEVELS = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}


@dataclass(frozen=True)
class SelectedSite:
    """A site, and what the run directory keeps to find it again."""

    site: Site
    file_name: str
    file_text: str
    language: Language
    watchers: tuple[Watcher, ...] = ()
    cluster: KubernetesOptions | None = None
    broken: set[str] = field(default_factory=set)
    """Nodes that are broken on purpose just now: whoever breaks them tells whoever watches."""
    node_access: NodeAccess | None = None
    """How the nodes' own system is reached, where something is to be done there."""

    @property
    def name(self) -> str:
        """Of its kind: lab, hosts, cluster."""
        return Path(self.file_name).stem

    @property
    def log(self) -> Callable[[Finding], None]:
        return finding_log(self.language)


def wanted_site(
    where: SiteFlags, node_access: NodeAccess | None, machine_label: str | None, language: Language
) -> SelectedSite:
    """The site that the flags name. Raises UsageError if they name none, or two."""
    if (where.is_lab, where.hosts is not None, where.cluster.given).count(True) > 1:
        raise UsageError("cli.two-sites")
    if node_access is not None and not where.cluster.given:
        raise UsageError("cli.provider-without-cluster")
    if where.is_lab:
        return _lab(load_lab(where.lab_file) if where.lab_file is not None else BUILT_IN, language)
    if where.hosts is not None:
        return _hosts(load_hosts(where.hosts), language)
    if where.cluster.given:
        return _cluster(where.cluster.options(machine_label), language, node_access)
    raise UsageError("cli.no-site")


def recorded_site(folder: Path, language: Language, node_access: NodeAccess | None = None) -> SelectedSite:
    """The site that a run directory was made on. Raises LedgerError if it doesn't say."""
    if (folder / LAB_FILE).exists():
        return _lab(load_lab(folder / LAB_FILE), language)
    if (folder / HOSTS_FILE).exists():
        return _hosts(load_hosts(folder / HOSTS_FILE), language)
    return _cluster(recorded_cluster(folder), language, node_access)


def recorded_cluster(folder: Path) -> KubernetesOptions:
    """The cluster that a run directory was made on. Raises LedgerError if it doesn't say."""
    if not (folder / CLUSTER_FILE).exists():
        raise LedgerError("ledger.no-run", folder=str(folder))
    return load_options((folder / CLUSTER_FILE).read_text(encoding="utf-8"))


def _lab(lab: LabSpec, language: Language) -> SelectedSite:
    return SelectedSite(LabSite(lab, log=finding_log(language)), LAB_FILE, dump_lab(lab), language)


def _hosts(hosts: HostsSpec, language: Language) -> SelectedSite:
    """The site ends the shell that its watchers use too: they leave before it stops."""
    site = hosts_site(hosts, language)
    return SelectedSite(site, HOSTS_FILE, dump_hosts(hosts), language, (OomTracker(None, shell=site.shell),))


def hosts_site(hosts: HostsSpec, language: Language) -> HostsSite:
    """The hosts over the system's ssh."""
    road, log = ssh_transport(hosts), finding_log(language)
    return HostsSite(hosts, road, Runner(road, log=log), log=log)


def _cluster(options: KubernetesOptions, language: Language, node_access: NodeAccess | None) -> SelectedSite:
    log, broken = finding_log(language), set[str]()
    site, shell = KubernetesSite(options, log=log), kernel_shell(options, node_access, log)
    watchers = cluster_watchers(options, shell, broken)
    return SelectedSite(site, CLUSTER_FILE, dump_options(options), language, watchers, options, broken, node_access)


def finding_log(language: Language) -> Callable[[Finding], None]:
    """What a site is told to tell."""

    def log(finding: Finding) -> None:
        LOGGER.log(
            _LEVELS[finding.severity],
            "%s",
            sentence(finding.code, {"subject": finding.subject, **finding.values}, language),
        )

    return log
