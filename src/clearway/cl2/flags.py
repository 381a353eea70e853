"""Every flag that ClusterLoader2 knows, and clearway's own: acted on, without effect, or refused.

The command line, `--help` and docs/clusterloader2.md are made of this one table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clearway.base.errors import UsageError
from clearway.probe.records import Severity


class Treatment(StrEnum):
    ACTED_ON = "acted-on"
    WITHOUT_EFFECT = "without-effect"
    REFUSED = "refused"
    """If it is switched on; off is what clearway does anyway."""


Texts = tuple[str, ...]


@dataclass(frozen=True)
class Flag:
    name: str
    kind: Any
    """bool, int, str, or Texts for one that can be repeated."""
    env: str | None
    treatment: Treatment
    code: str
    """Of the sentence that says what it does, or why it has no effect."""
    commas: bool = False
    """Whether one value may be several, separated by commas."""

    @property
    def parameter(self) -> str:
        """Its name in Python."""
        return self.name.replace("-", "_")


_ON, _OFF, _NO = Treatment.ACTED_ON, Treatment.WITHOUT_EFFECT, Treatment.REFUSED

_ENVIRONMENT: Mapping[str, str | None] = {
    "mastername": "MASTER_NAME",
    "masterip": "MASTER_IP",
    "master-endpoint": "MASTER_DNS_ENDPOINT",
    "enable-pushgateway": "PROMETHEUS_ENABLE_PUSHGATEWAY",
    "prometheus-scrape-metrics-server": "PROMETHEUS_SCRAPE_METRICS_SERVER_METRICS",
    "experimental-snapshot-project": "PROJECT",
    "experimental-gcp-snapshot-prometheus-disk": None,
    "experimental-prometheus-snapshot-to-report-dir": None,
    "experimental-prometheus-disk-snapshot-name": None,
}
"""Variables that are not the flag's name in capitals; None: no variable stands for the flag."""


def _acted_on(kind: Any, *names: str) -> Iterator[Flag]:
    """Flags that no variable stands for, each with a sentence of its own."""
    return (Flag(name, kind, None, _ON, f"flag.{name}") for name in names)


def _unused(code: str, kind: Any, *names: str, treatment: Treatment = _OFF) -> Iterator[Flag]:
    """Flags for one thing that is not done here, each with its variable."""
    for name in names:
        variable = _ENVIRONMENT.get(name, name.upper().replace("-", "_"))
        yield Flag(name, kind, variable, treatment, code, commas=kind is Texts)


_ACTED_ON = (
    Flag("kubeconfig", str, "KUBECONFIG", _ON, "flag.kubeconfig"),
    Flag("run-from-cluster", bool, "RUN_FROM_CLUSTER", _ON, "flag.run-from-cluster"),
    *_acted_on(Texts, "testconfig", "testoverrides"),
    *_acted_on(str, "testsuite", "report-dir"),
    *_acted_on(bool, "dry-run"),
    *_acted_on(Texts, "skip-steps", "overwrite-test-config"),
    *_acted_on(bool, "skip-cluster-verification"),
    Flag("nodes", int, "NUM_NODES", _ON, "flag.nodes"),
    Flag("provider", str, "PROVIDER", _ON, "flag.provider"),
    Flag("provider-configs", Texts, "PROVIDER_CONFIGS", _ON, "flag.provider-configs", commas=True),
    Flag("registry-k8s-repo", str, "REGISTRY_K8S_REPO", _ON, "flag.registry"),
    Flag("delete-stale-namespaces", bool, "DELETE_STALE_NAMESPACES", _ON, "flag.delete-stale-namespaces"),
    Flag("delete-automanaged-namespaces", bool, "DELETE_AUTOMANAGED_NAMESPACES", _ON, "flag.delete-namespaces"),
    *_acted_on(int, "v"),
)

_OWN = (
    Flag("settings", str, "CLEARWAY_SETTINGS", _ON, "flag.settings"),
    Flag("worker-namespace", str, "CLEARWAY_NAMESPACE", _ON, "flag.worker-namespace"),
    Flag("worker-image", str, "CLEARWAY_IMAGE", _ON, "flag.worker-image"),
    *_acted_on(str, "node-selector"),
    *_acted_on(Texts, "tolerate"),
    *_acted_on(bool, "allow-chaos", "brake"),
    *_acted_on(str, "lang"),
)

_CONTROL_PLANE = (
    *_unused("flag.no-control-plane", str, "mastername"),
    *_unused("flag.no-control-plane", Texts, "masterip", "master-internal-ip"),
    *_unused("flag.no-control-plane", str, "master-endpoint"),
    *_unused("flag.no-control-plane", int, "kubelet-port"),
    *_unused("flag.no-control-plane", str, "etcd-certificate", "etcd-key"),
    *_unused("flag.no-control-plane", int, "etcd-insecure-port", "etcd-pprof-port", "etcd-events-pprof-port"),
    *_unused("flag.no-control-plane", bool, "apiserver-pprof-by-client-enabled"),
)

_MACHINERY = (
    *_unused("flag.one-client", int, "k8s-clients-number"),
    Flag("port", int, None, _OFF, "flag.no-profiles"),
    Flag("heap-profile-interval", str, "CL2_HEAP_PROFILE_INTERVAL", _OFF, "flag.no-profiles"),
    *_unused("flag.no-exec-service", bool, "enable-exec-service"),
    *_unused("flag.no-preload", Texts, "node-preload-images"),
    *_unused("flag.no-preload", str, "node-preload-images-timeout"),
    *_unused("flag.no-root-cluster", str, "kubemark-root-kubeconfig"),
)

_LOG_KINDS = {
    **dict.fromkeys(("add_dir_header", "alsologtostderr", "legacy_stderr_threshold_behavior"), bool),
    **dict.fromkeys(("log_backtrace_at", "log_dir", "log_file"), str),
    **dict.fromkeys(("log_file_max_size",), int),
    **dict.fromkeys(("logtostderr", "one_output", "skip_headers", "skip_log_headers"), bool),
    **dict.fromkeys(("stderrthreshold", "vmodule"), str),
}
_LOG = tuple(Flag(name, kind, None, _OFF, "flag.own-log") for name, kind in _LOG_KINDS.items())

_PROMETHEUS_SWITCHES = (
    *("prometheus-scrape-etcd", "prometheus-scrape-node-exporter", "prometheus-scrape-windows-node-exporter"),
    *("prometheus-scrape-kubelets", "prometheus-scrape-master-kubelets", "prometheus-scrape-kube-proxy"),
)
_MORE_PROMETHEUS_SWITCHES = (
    *("prometheus-scrape-kube-state-metrics", "prometheus-scrape-metrics-server", "prometheus-scrape-node-local-dns"),
    *("prometheus-scrape-anet", "prometheus-scrape-kube-network-policies"),
    "prometheus-scrape-masters-with-public-ips",
)
_PROMETHEUS_STORAGE = (
    *("experimental-snapshot-project", "prometheus-additional-monitors-path"),
    *("prometheus-storage-class-provisioner", "prometheus-storage-class-volume-type", "prometheus-pvc-storage-class"),
    *("prometheus-ready-timeout", "prometheus-memory-request"),
)
_EXPERIMENTAL = ("experimental-gcp-snapshot-prometheus-disk", "experimental-prometheus-snapshot-to-report-dir")

_PROMETHEUS = (
    *_unused("flag.no-prometheus", bool, "enable-prometheus-server", treatment=_NO),
    *_unused("flag.no-prometheus", bool, "tear-down-prometheus-server"),
    *_unused("flag.no-prometheus", bool, "enable-pushgateway", treatment=_NO),
    *_unused("flag.no-prometheus", bool, *_PROMETHEUS_SWITCHES),
    *_unused("flag.no-prometheus", str, "prometheus-scrape-apiserver-only", "prometheus-kube-proxy-selector-key"),
    *_unused("flag.no-prometheus", bool, *_MORE_PROMETHEUS_SWITCHES),
    *_unused("flag.no-prometheus", int, "prometheus-apiserver-scrape-port"),
    *_unused("flag.no-prometheus", str, *_PROMETHEUS_STORAGE),
    *_unused("flag.no-prometheus", bool, *_EXPERIMENTAL, treatment=_NO),
    *_unused("flag.no-prometheus", str, "experimental-prometheus-disk-snapshot-name"),
)

FLAGS: tuple[Flag, ...] = (*_ACTED_ON, *_OWN, *_CONTROL_PLANE, *_MACHINERY, *_LOG, *_PROMETHEUS)

Given = Mapping[str, Any]
"""By the flags' own names; what was not given is not there."""


def refuse(given: Given) -> None:
    """Raises UsageError naming every flag that asks for what is not supported here."""
    wrong = tuple(flag for flag in _of(given, Treatment.REFUSED) if given[flag.name])
    if wrong:
        names = tuple(f"--{flag.name}" for flag in wrong)
        raise UsageError("door.flags-refused", flags=names, count=len(names))


def without_effect(given: Given, environ: Mapping[str, str]) -> Iterator[tuple[Flag, Severity]]:
    """The given flags that change nothing; only INFO for one that comes from the environment."""
    for flag in _of(given, Treatment.WITHOUT_EFFECT):
        by_environment = flag.env is not None and flag.env in environ
        yield flag, Severity.INFO if by_environment else Severity.WARNING


def _of(given: Given, treatment: Treatment) -> list[Flag]:
    return [flag for flag in FLAGS if flag.treatment is treatment and flag.name in given]
