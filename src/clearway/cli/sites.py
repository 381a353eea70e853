"""Which site a command means."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from clearway.base.errors import LedgerError, UsageError
from clearway.cli.flags import ProviderFlags, SiteFlags
from clearway.cli.log import LOGGER
from clearway.ledger import files
from clearway.ledger.one_file import read_whole, read_yaml
from clearway.probe.records import Finding, Severity
from clearway.report.wording import Language, sentence
from clearway.site.base import Site, Watcher
from clearway.spec.load import SpecSource, read_file

if TYPE_CHECKING:  # what a site needs is loaded when it is selected
    from clearway.site.hosts.model import HostsSpec
    from clearway.site.hosts.site import HostsSite
    from clearway.site.kubernetes.options import KubernetesOptions

_LEVELS = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}


@dataclass(frozen=True)
class SelectedSite:
    """A site, what the run directory keeps to find it again, and what a run on it needs."""

    site: Site
    file_name: str
    file_text: str
    language: Language
    watchers: tuple[Watcher, ...] = ()
    cluster: KubernetesOptions | None = None
    provider_flags: ProviderFlags = ProviderFlags()
    """How the operating system of a cluster's nodes is reached."""
    broken: set[str] = field(default_factory=set)
    """Nodes that are broken on purpose at the moment: no reason for the watchers to stop the run."""

    @property
    def name(self) -> str:
        """Of its kind: lab, hosts, cluster."""
        return Path(self.file_name).stem

    @property
    def log(self) -> Callable[[Finding], None]:
        return finding_log(self.language)


def selected_site(
    site_flags: SiteFlags, provider_flags: ProviderFlags, machine_label: str | None, language: Language
) -> SelectedSite:
    """The site that the flags name. Raises UsageError if they name none, or two."""
    if (site_flags.is_lab, site_flags.hosts is not None, site_flags.cluster.given).count(True) > 1:
        raise UsageError("cli.two-sites")
    if provider_flags.given and not site_flags.cluster.given:
        raise UsageError("cli.provider-without-cluster")
    if site_flags.is_lab:
        return _lab(None if site_flags.lab_file is None else read_file(site_flags.lab_file), language)
    if site_flags.hosts is not None:
        return _hosts(read_file(site_flags.hosts), language)
    if site_flags.cluster.given:
        return _cluster(site_flags.cluster.options(machine_label), provider_flags, language)
    raise UsageError("cli.no-site")


def recorded_site(folder: Path, provider_flags: ProviderFlags, language: Language) -> SelectedSite:
    """The site that a run directory was made on. Raises LedgerError if it doesn't say."""
    if (folder / files.LAB).exists():
        return read_yaml(folder / files.LAB, lambda source: _lab(source, language))
    if (folder / files.HOSTS).exists():
        return read_yaml(folder / files.HOSTS, lambda source: _hosts(source, language))
    return _cluster(recorded_cluster(folder), provider_flags, language)


def recorded_cluster(folder: Path) -> KubernetesOptions:
    """The cluster that a run directory was made on. Raises LedgerError if it doesn't say."""
    from clearway.site.kubernetes.options import OPTIONS

    if not (folder / files.CLUSTER).exists():
        raise LedgerError("ledger.no-run", folder=str(folder))
    return read_whole(folder / files.CLUSTER, OPTIONS)


def _lab(source: SpecSource | None, language: Language) -> SelectedSite:
    from clearway.site.lab.model import BUILT_IN, dump_lab, lab_of
    from clearway.site.lab.site import LabSite

    lab = BUILT_IN if source is None else lab_of(source)
    return SelectedSite(LabSite(lab, log=finding_log(language)), files.LAB, dump_lab(lab), language)


def _hosts(source: SpecSource, language: Language) -> SelectedSite:
    """The site closes the shell that its watchers use too: they have left when it stops."""
    from clearway.site.hosts.model import dump_hosts, hosts_of
    from clearway.watch.oom.tracker import OomTracker

    hosts = hosts_of(source)
    site = hosts_site(hosts, language)
    return SelectedSite(site, files.HOSTS, dump_hosts(hosts), language, (OomTracker(None, shell=site.shell),))


def hosts_site(hosts: HostsSpec, language: Language) -> HostsSite:
    """The hosts over the system's ssh."""
    from clearway.shell.runner import Runner
    from clearway.site.hosts.site import HostsSite, ssh_transport

    transport, log = ssh_transport(hosts), finding_log(language)
    return HostsSite(hosts, transport, Runner(transport, log=log), log=log)


def _cluster(options: KubernetesOptions, provider_flags: ProviderFlags, language: Language) -> SelectedSite:
    """The watchers log in to nodes only if a flag says how: nothing is logged in to without being asked."""
    from clearway.site.kubernetes.node_shell import kernel_shell
    from clearway.site.kubernetes.options import dump_options
    from clearway.site.kubernetes.site import KubernetesSite
    from clearway.watch.cluster import cluster_watchers

    log, broken = finding_log(language), set[str]()
    shell = kernel_shell(options, provider_flags.given_access, log)
    return SelectedSite(
        KubernetesSite(options, log=log),
        files.CLUSTER,
        dump_options(options),
        language,
        cluster_watchers(options, shell, broken),
        options,
        provider_flags,
        broken,
    )


def finding_log(language: Language) -> Callable[[Finding], None]:
    """Takes what a site reports while it works, and logs it as a sentence."""

    def log(finding: Finding) -> None:
        values = {"subject": finding.subject, **finding.values}
        LOGGER.log(_LEVELS[finding.severity], "%s", sentence(finding.code, values, language))

    return log
