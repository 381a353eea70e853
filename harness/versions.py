"""What is built, from which modules. 1.34 is the last Kubernetes that supports cgroup v1 without extra settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KUBERNETES = "1.34.4"
ETCD = "3.6.6"
KWOK = "0.8.0"
POLICY_ENGINE = "0.7.0"
"""Of kube-network-policies: later ones watch containerd as well, and take more modules to build."""
GO = (1, 26)
"""The oldest Go that kwok's modules take."""

CACHE_KEY = f"kubernetes-{KUBERNETES}-etcd-{ETCD}-kwok-{KWOK}"
POLICY_ENGINE_KEY = f"kube-network-policies-{POLICY_ENGINE}"
"""Another engine does not make Kubernetes be built again."""

_STAGING = (
    *("api", "apiextensions-apiserver", "apimachinery", "apiserver", "cli-runtime", "client-go", "cloud-provider"),
    *("cluster-bootstrap", "code-generator", "component-base", "component-helpers", "controller-manager", "cri-api"),
    *("cri-client", "cri-streaming", "csi-translation-lib", "dynamic-resource-allocation", "endpointslice"),
    *("externaljwt", "kms", "kube-aggregator", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl"),
    *("kubelet", "metrics", "mount-utils", "pod-security-admission", "sample-apiserver", "sample-cli-plugin"),
    "sample-controller",
)
"""Modules that Kubernetes keeps in its own tree and names without a version."""

_STRIPPED = ("-s", "-w")


@dataclass(frozen=True)
class Source:
    """One set of pinned modules, and the programs that are built from it."""

    module: str
    version: str
    programs: Mapping[str, str]
    """The package of each program."""
    replaced: Mapping[str, str] = field(default_factory=dict)
    """The version of each module that the others name without one."""
    link_flags: tuple[str, ...] = _STRIPPED
    cache_key: str = CACHE_KEY
    """The folder of what is built from it, in the cache folder; it names the version."""

    def go_mod(self) -> str:
        replacing = [f"replace {module} => {module} {version}" for module, version in self.replaced.items()]
        lines = ("module example.test/programs", f"go {GO[0]}.{GO[1]}.0", f"require {self.module} {self.version}")
        return "\n".join((*lines, *replacing, ""))


def _version_flags() -> tuple[str, ...]:
    """What `kubectl version` and each node's status say."""
    major, minor, _ = KUBERNETES.split(".")
    facts = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return tuple(f"-X=k8s.io/component-base/version.{name}={value}" for name, value in facts.items())


_KUBERNETES_PROGRAMS = (
    *("kube-apiserver", "kube-controller-manager", "kube-scheduler"),
    *("kubelet", "kube-proxy", "kubectl"),
)

SOURCES = (
    Source(
        module="k8s.io/kubernetes",
        version=f"v{KUBERNETES}",
        programs={name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES_PROGRAMS},
        replaced={f"k8s.io/{name}": f"v0.{KUBERNETES.partition('.')[2]}" for name in _STAGING},
        link_flags=(*_STRIPPED, *_version_flags()),
    ),
    Source("go.etcd.io/etcd/server/v3", f"v{ETCD}", {"etcd": "go.etcd.io/etcd/server/v3"}),
    Source("sigs.k8s.io/kwok", f"v{KWOK}", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}),
    Source(
        module="sigs.k8s.io/kube-network-policies",
        version=f"v{POLICY_ENGINE}",
        programs={"kube-network-policies": "sigs.k8s.io/kube-network-policies/cmd"},
        cache_key=POLICY_ENGINE_KEY,
    ),
)
