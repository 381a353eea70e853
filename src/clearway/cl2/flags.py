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

_ACTED_ON = (
    Flag("kubeconfig", str, "KUBECONFIG", _ON, "flag.kubeconfig"),
    Flag("run-from-cluster", bool, "RUN_FROM_CLUSTER", _ON, "flag.run-from-cluster"),
    Flag("testconfig", Texts, None, _ON, "flag.testconfig"),
    Flag("testoverrides", Texts, None, _ON, "flag.testoverrides"),
    Flag("testsuite", str, None, _ON, "flag.testsuite"),
    Flag("report-dir", str, None, _ON, "flag.report-dir"),
    Flag("dry-run", bool, None, _ON, "flag.dry-run"),
    Flag("skip-steps", Texts, None, _ON, "flag.skip-steps"),
    Flag("overwrite-test-config", Texts, None, _ON, "flag.overwrite-test-config"),
    Flag("skip-cluster-verification", bool, None, _ON, "flag.skip-cluster-verification"),
    Flag("nodes", int, "NUM_NODES", _ON, "flag.nodes"),
    Flag("provider", str, "PROVIDER", _ON, "flag.provider"),
    Flag("provider-configs", Texts, "PROVIDER_CONFIGS", _ON, "flag.provider-configs", commas=True),
    Flag("registry-k8s-repo", str, "REGISTRY_K8S_REPO", _ON, "flag.registry"),
    Flag("delete-stale-namespaces", bool, "DELETE_STALE_NAMESPACES", _ON, "flag.delete-stale-namespaces"),
    Flag("delete-automanaged-namespaces", bool, "DELETE_AUTOMANAGED_NAMESPACES", _ON, "flag.delete-namespaces"),
    Flag("v", int, None, _ON, "flag.v"),
)

_OWN = (
    Flag("settings", str, "CLEARWAY_SETTINGS", _ON, "flag.settings"),
    Flag("worker-namespace", str, "CLEARWAY_NAMESPACE", _ON, "flag.worker-namespace"),
    Flag("worker-image", str, "CLEARWAY_IMAGE", _ON, "flag.worker-image"),
    Flag("node-selector", str, None, _ON, "flag.node-selector"),
    Flag("tolerate", Texts, None, _ON, "flag.tolerate"),
    Flag("allow-chaos", bool, None, _ON, "flag.allow-chaos"),
    Flag("brake", bool, None, _ON, "flag.brake"),
    Flag("lang", str, None, _ON, "flag.lang"),
)

_CONTROL_PLANE = (
    Flag("mastername", str, "MASTER_NAME", _OFF, "flag.no-control-plane"),
    Flag("masterip", Texts, "MASTER_IP", _OFF, "flag.no-control-plane", commas=True),
    Flag("master-internal-ip", Texts, "MASTER_INTERNAL_IP", _OFF, "flag.no-control-plane", commas=True),
    Flag("master-endpoint", str, "MASTER_DNS_ENDPOINT", _OFF, "flag.no-control-plane"),
    Flag("kubelet-port", int, "KUBELET_PORT", _OFF, "flag.no-control-plane"),
    Flag("etcd-certificate", str, "ETCD_CERTIFICATE", _OFF, "flag.no-control-plane"),
    Flag("etcd-key", str, "ETCD_KEY", _OFF, "flag.no-control-plane"),
    Flag("etcd-insecure-port", int, "ETCD_INSECURE_PORT", _OFF, "flag.no-control-plane"),
    Flag("etcd-pprof-port", int, "ETCD_PPROF_PORT", _OFF, "flag.no-control-plane"),
    Flag("etcd-events-pprof-port", int, "ETCD_EVENTS_PPROF_PORT", _OFF, "flag.no-control-plane"),
    Flag(
        "apiserver-pprof-by-client-enabled",
        bool,
        "APISERVER_PPROF_BY_CLIENT_ENABLED",
        _OFF,
        "flag.no-control-plane",
    ),
)

_MACHINERY = (
    Flag("k8s-clients-number", int, "K8S_CLIENTS_NUMBER", _OFF, "flag.one-client"),
    Flag("port", int, None, _OFF, "flag.no-profiles"),
    Flag("heap-profile-interval", str, "CL2_HEAP_PROFILE_INTERVAL", _OFF, "flag.no-profiles"),
    Flag("enable-exec-service", bool, "ENABLE_EXEC_SERVICE", _OFF, "flag.no-exec-service"),
    Flag("node-preload-images", Texts, "NODE_PRELOAD_IMAGES", _OFF, "flag.no-preload", commas=True),
    Flag("node-preload-images-timeout", str, "NODE_PRELOAD_IMAGES_TIMEOUT", _OFF, "flag.no-preload"),
    Flag("kubemark-root-kubeconfig", str, "KUBEMARK_ROOT_KUBECONFIG", _OFF, "flag.no-root-cluster"),
)

_LOG = tuple(
    Flag(name, kind, None, _OFF, "flag.own-log")
    for name, kind in (
        ("add_dir_header", bool),
        ("alsologtostderr", bool),
        ("legacy_stderr_threshold_behavior", bool),
        ("log_backtrace_at", str),
        ("log_dir", str),
        ("log_file", str),
        ("log_file_max_size", int),
        ("logtostderr", bool),
        ("one_output", bool),
        ("skip_headers", bool),
        ("skip_log_headers", bool),
        ("stderrthreshold", str),
        ("vmodule", str),
    )
)


def _prometheus(name: str, kind: Any, env: str | None = None, treatment: Treatment = _OFF) -> Flag:
    given = env if env is not None or name.startswith("experimental") else name.upper().replace("-", "_")
    return Flag(name, kind, given, treatment, "flag.no-prometheus")


_PROMETHEUS = (
    _prometheus("enable-prometheus-server", bool, treatment=_NO),
    _prometheus("tear-down-prometheus-server", bool),
    _prometheus("enable-pushgateway", bool, "PROMETHEUS_ENABLE_PUSHGATEWAY", _NO),
    _prometheus("prometheus-scrape-etcd", bool),
    _prometheus("prometheus-scrape-node-exporter", bool),
    _prometheus("prometheus-scrape-windows-node-exporter", bool),
    _prometheus("prometheus-scrape-kubelets", bool),
    _prometheus("prometheus-scrape-master-kubelets", bool),
    _prometheus("prometheus-scrape-kube-proxy", bool),
    _prometheus("prometheus-scrape-apiserver-only", str),
    _prometheus("prometheus-kube-proxy-selector-key", str),
    _prometheus("prometheus-scrape-kube-state-metrics", bool),
    _prometheus("prometheus-scrape-metrics-server", bool, "PROMETHEUS_SCRAPE_METRICS_SERVER_METRICS"),
    _prometheus("prometheus-scrape-node-local-dns", bool),
    _prometheus("prometheus-scrape-anet", bool),
    _prometheus("prometheus-scrape-kube-network-policies", bool),
    _prometheus("prometheus-scrape-masters-with-public-ips", bool),
    _prometheus("prometheus-apiserver-scrape-port", int),
    _prometheus("experimental-snapshot-project", str, "PROJECT"),
    _prometheus("prometheus-additional-monitors-path", str),
    _prometheus("prometheus-storage-class-provisioner", str),
    _prometheus("prometheus-storage-class-volume-type", str),
    _prometheus("prometheus-pvc-storage-class", str),
    _prometheus("prometheus-ready-timeout", str),
    _prometheus("prometheus-memory-request", str),
    _prometheus("experimental-gcp-snapshot-prometheus-disk", bool, treatment=_NO),
    _prometheus("experimental-prometheus-snapshot-to-report-dir", bool, treatment=_NO),
    _prometheus("experimental-prometheus-disk-snapshot-name", str),
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
