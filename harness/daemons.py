"""What runs in a cluster: the command line of every program and its configuration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.certificates import Authority
from harness.pause_image import PAUSE_IMAGE
from harness.programs import Programs
from harness.spec import API_PORT, IPV4, Family, NodeSpec, families_of
from harness.topology import NODES, on_node

_ETCD = "http://127.0.0.1:2379"
_SOCKETS = "/var/lib/kubelet"
"""Below it every kubelet makes the socket for device plug-ins, wherever its --root-dir is."""
_WITH_OWN_SOCKETS = (
    *("unshare", "--mount", "--propagation=unchanged", "sh", "-ec"),
    *(f'mkdir -p {_SOCKETS}; mount -t tmpfs cluster {_SOCKETS}; exec "$@"', "sh"),
)
"""Before a command line: it gets that folder for itself and shares all other mounts."""


@dataclass(frozen=True)
class Daemon:
    """A process of the cluster, under a name of its own."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Workplace:
    """What every command line is made from. `configs` holds the files that are named in them."""

    programs: Programs
    authority: Authority
    configs: Path
    cgroup: str
    """The cgroup of all nodes, below the root of each hierarchy."""
    ip: tuple[int, ...]
    """The IP versions of nodes, pods and services."""

    @property
    def families(self) -> tuple[Family, ...]:
        return families_of(self.ip)


def etcd(place: Workplace) -> Daemon:
    """Its data is on a tmpfs: waiting for a disk would only slow it down."""
    peers = "http://127.0.0.1:2380"
    flags = (
        *("--unsafe-no-fsync", "--data-dir=/run/etcd", "--log-level=warn"),
        *(f"--listen-client-urls={_ETCD}", f"--advertise-client-urls={_ETCD}"),
        *(f"--listen-peer-urls={peers}", f"--initial-advertise-peer-urls={peers}"),
        f"--initial-cluster=default={peers}",
    )
    return Daemon("etcd", (place.programs.path("etcd"), *flags))


def apiserver(place: Workplace) -> Daemon:
    """Kubelets are reached by address: nothing here resolves node names."""
    certificate, key = place.authority.certificate, place.authority.key
    flags = (
        *(
            f"--etcd-servers={_ETCD}",
            f"--bind-address={'::' if 6 in place.ip else '0.0.0.0'}",  # noqa: S104 - of the cluster's own namespaces
            f"--secure-port={API_PORT}",
        ),
        f"--advertise-address={place.families[0].api}",
        f"--service-cluster-ip-range={','.join(family.services for family in place.families)}",
        *("--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true"),
        *(f"--client-ca-file={certificate('ca')}", "--kubelet-preferred-address-types=InternalIP"),
        *(f"--tls-cert-file={certificate('apiserver')}", f"--tls-private-key-file={key('apiserver')}"),
        *(f"--kubelet-client-certificate={certificate('admin')}", f"--kubelet-client-key={key('admin')}"),
        *("--service-account-issuer=https://kubernetes.default.svc", "--v=1"),
        f"--service-account-key-file={certificate('service-accounts')}",
        f"--service-account-signing-key-file={key('service-accounts')}",
    )
    return Daemon("apiserver", (place.programs.path("kube-apiserver"), *flags))


def controller_manager(place: Workplace, silence: int) -> Daemon:
    """Two settings are not the usual ones, and each takes seconds off the start: by default it is held to 20 requests
    a second, which its controllers need to come up, and looks every five seconds whether a node may lose its first
    taint.
    """
    authority = place.authority
    flags = (
        *(f"--kubeconfig={authority.kubeconfig('controller-manager')}", "--use-service-account-credentials=true"),
        *(f"--service-account-private-key-file={authority.key('service-accounts')}", "--bind-address=127.0.0.1"),
        *(f"--root-ca-file={authority.certificate('ca')}", "--allocate-node-cidrs=false", "--leader-elect=false"),
        *("--kube-api-qps=200", "--kube-api-burst=400", "--node-monitor-period=1s"),
        f"--node-monitor-grace-period={silence}s",
    )
    return Daemon("controller-manager", (place.programs.path("kube-controller-manager"), *flags))


def scheduler(place: Workplace) -> Daemon:
    kubeconfig = f"--kubeconfig={place.authority.kubeconfig('scheduler')}"
    argv = (place.programs.path("kube-scheduler"), kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1")
    return Daemon("scheduler", argv)


def kwok(place: Workplace) -> Daemon:
    """Plays the kubelet of hollow nodes; real ones are left alone."""
    flags = (
        *(f"--kubeconfig={place.authority.kubeconfig('admin')}", f"--config={place.programs.hollow_stages}"),
        *("--manage-all-nodes=false", "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake"),
        *("--cidr=10.64.0.0/12", f"--node-ip={IPV4.api}", "--node-lease-duration-seconds=40"),
    )
    return Daemon("kwok", (place.programs.path("kwok"), *flags))


def containerd(place: Workplace, node: NodeSpec) -> Daemon:
    config = place.configs / f"{node.name}-containerd.toml"
    network = pod_network_file(place.configs, node)
    network.parent.mkdir()
    network.write_text(json.dumps(pod_network(node, node.pod_mtu)))
    config.write_text(_containerd_config(node, network.parent))
    return Daemon(f"containerd-{node.name}", on_node(node.name, ("containerd", "--config", str(config))))


def kubelet(place: Workplace, node: NodeSpec) -> Daemon:
    """Each has a folder of its own where all of one machine would listen at the same socket: no flag moves it, and a
    kubelet that finds it taken in the moment between clearing it away and listening ends.
    """
    config = place.configs / f"{node.name}-kubelet.json"
    config.write_text(json.dumps(_kubelet_config(place, node), indent=1))
    labels = ",".join(f"{name}={value}" for name, value in node.labels.items())
    argv = (
        *(place.programs.path("kubelet"), f"--config={config}", f"--hostname-override={node.name}", "--v=2"),
        *(f"--kubeconfig={place.authority.kubeconfig(node.name)}", f"--node-ip={','.join(node.addresses)}"),
        *(f"--root-dir={_home(node)}/kubelet", f"--cert-dir={_home(node)}/kubelet-pki", f"--node-labels={labels}"),
    )
    return Daemon(f"kubelet-{node.name}", on_node(node.name, (*_WITH_OWN_SOCKETS, *argv)))


def proxy(place: Workplace, node: NodeSpec) -> Daemon:
    config = place.configs / f"{node.name}-proxy.json"
    content = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(place.authority.kubeconfig("proxy"))},
        "hostnameOverride": node.name,
        "clusterCIDR": ",".join(family.pods for family in place.families),
        "mode": "nftables",
        "conntrack": {"maxPerCore": 0, "min": 0},  # the kernel's own limits are not this namespace's to change
    }
    config.write_text(json.dumps(content, indent=1))
    argv = (place.programs.path("kube-proxy"), f"--config={config}")
    return Daemon(f"proxy-{node.name}", on_node(node.name, argv))


def watches_the_api(daemon: str) -> bool:
    """By the name of a daemon: whether it is a client of the API server."""
    return daemon not in ("etcd", "apiserver") and not daemon.startswith("containerd-")


def containerd_socket(node: NodeSpec) -> str:
    return f"{_home(node)}/containerd.sock"


def _home(node: NodeSpec) -> Path:
    return NODES / node.name


def pod_network_file(configs: Path, node: NodeSpec) -> Path:
    """What a node's containerd reads for every pod that it starts."""
    return configs / f"{node.name}-network" / "pods.conflist"


def pod_network(node: NodeSpec, mtu: int) -> dict[str, Any]:
    """The settings of the plug-ins that give pods their devices."""
    addresses = {
        "type": "host-local",
        "dataDir": f"{_home(node)}/addresses",
        "ranges": [[{"subnet": family.pods_of_node(node.number)}] for family in node.families],
        "routes": [{"dst": family.anywhere} for family in node.families],
    }
    device = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True, "mtu": mtu}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [{**device, "ipam": addresses}, ports]}


def _containerd_config(node: NodeSpec, network: Path) -> str:
    """A negative oom score may be refused to us, and runc then dies without a word of it."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{_home(node)}/containerd"
state = "{_home(node)}/containerd-state"
[grpc]
  address = "{containerd_socket(node)}"
[{cri}]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
[{cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "{network}"
[{cri}.containerd]
  snapshotter = "overlayfs"
"""


def _kubelet_config(place: Workplace, node: NodeSpec) -> dict[str, Any]:
    authority = place.authority
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority.certificate("ca"))},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(authority.certificate(node.name)),
        "tlsPrivateKeyFile": str(authority.key(node.name)),
        "registerWithTaints": [_taint(text) for text in node.taints],
        "containerRuntimeEndpoint": f"unix://{containerd_socket(node)}",
        "podLogsDir": f"/var/log/pods/{node.name}",  # each kubelet clears away what it does not know
        "volumePluginDir": f"{_home(node)}/volume-plugins",
        "resolvConf": "",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{place.cgroup}/{node.name}",
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "nodeLeaseDurationSeconds": node.silence,
        "makeIPTablesUtilChains": False,
        "imageMinimumGCAge": "24h",
        "evictionHard": {"nodefs.available": "0%", "imagefs.available": "0%", "memory.available": "10Mi"},
    }


def _taint(text: str) -> dict[str, str]:
    """Of "key=value:Effect" or "key:Effect"."""
    name, _, effect = text.rpartition(":")
    key, _, value = name.partition("=")
    return {"key": key, "value": value, "effect": effect}
