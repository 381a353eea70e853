"""The providers, one row each: how their nodes are reached other than over the API, and what may be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from clearway.base.errors import UsageError
from clearway.base.units import Duration
from clearway.probe.records import Reason

Argv = tuple[str, ...]


class Route(StrEnum):
    SSH = "ssh"
    GCLOUD = "gcloud"
    """`gcloud compute ssh`, which finds address, user and key by itself."""
    DOCKER = "docker"
    """`docker exec`: nodes are containers of this machine."""


class AddressType(StrEnum):
    """What the API calls a node's addresses."""

    INTERNAL = "InternalIP"
    EXTERNAL = "ExternalIP"
    HOSTNAME = "Hostname"
    LOOPBACK = "Loopback"
    """None of the API's: this machine."""


class Feature(StrEnum):
    """What a part of a test may need of a provider."""

    COMMANDS = "commands"
    """Commands on the nodes."""
    KERNEL_LOG = "kernel-log"
    """A kernel that only the cluster uses, so that its log is about the cluster."""
    NODE_KILLER = "node-killer"
    """Nodes that can be broken on purpose while others remain."""
    REBOOT = "reboot"
    """Machines that come back by themselves after a reboot."""


@dataclass(frozen=True)
class Services:
    """The commands that stop and start the services which run a node's pods; as root."""

    stop_kubelet: Argv = ("systemctl", "stop", "kubelet")
    start_kubelet: Argv = ("systemctl", "start", "kubelet")
    stop_runtime: Argv = ("systemctl", "stop", "containerd")
    start_runtime: Argv = ("systemctl", "start", "containerd")


@dataclass(frozen=True)
class LoadBalancer:
    """How long a Service of the type LoadBalancer may take until it carries traffic."""

    internal: Duration = Duration(600)
    external: Duration = Duration(1800)


@dataclass(frozen=True)
class Provider:
    name: str
    route: Route | None = None
    """None: the nodes' own system can't be reached; `without` says why."""
    without: str = ""
    """Code of that sentence."""
    key_variables: tuple[str, ...] = ()
    """Names of environment variables that may name the private key, the first that is set; after KUBE_SSH_KEY_PATH."""
    key_file: str | None = None
    """Used if the file exists; None: those that ssh itself looks for."""
    user: str | None = None
    """Default login user; None: as the user's ssh configuration has it."""
    addresses: tuple[AddressType, ...] = (AddressType.INTERNAL, AddressType.EXTERNAL)
    """The first that a node has."""
    services: Services = Services()
    load_balancer: LoadBalancer | None = LoadBalancer()
    """None: the provider has none."""
    features: frozenset[Feature] = frozenset()

    @property
    def title(self) -> str:
        """Code of the sentence that says what it stands for."""
        return f"provider.{self.name}"


_MACHINES = frozenset(Feature)
_CONTAINERS = frozenset({Feature.COMMANDS, Feature.NODE_KILLER})
"""They share the host's kernel: its log is not about them alone, and a container that reboots does not come back."""
_ONE_MACHINE = frozenset({Feature.COMMANDS, Feature.KERNEL_LOG})
"""clearway runs on it too, so it can't be broken or rebooted."""

_cloud = partial(Provider, addresses=(AddressType.EXTERNAL, AddressType.INTERNAL), features=_MACHINES)
_GCE = _cloud(
    "gce",
    Route.GCLOUD,
    key_variables=("GCE_SSH_KEY", "GCE_SSH_PRIVATE_KEY_FILE"),
    key_file="~/.ssh/google_compute_engine",
)
_AWS = _cloud("aws", Route.SSH, key_variables=("AWS_SSH_KEY",), key_file="~/.ssh/kube_aws_rsa")
_ROWS = (
    Provider(
        "local",
        Route.SSH,
        key_variables=("LOCAL_SSH_KEY",),
        addresses=(AddressType.LOOPBACK,),
        load_balancer=None,
        features=_ONE_MACHINE,
    ),
    Provider("kind", Route.DOCKER, addresses=(AddressType.HOSTNAME,), load_balancer=None, features=_CONTAINERS),
    Provider("skeleton", Route.SSH, key_variables=("KUBE_SSH_KEY",), load_balancer=None, features=_MACHINES),
    _GCE,
    replace(_GCE, name="gke"),
    Provider("autopilot", without="provider.no-logins"),
    Provider("gkekubemark", without="provider.hollow-nodes", load_balancer=None),
    Provider("kubemark", without="provider.hollow-nodes", load_balancer=None),
    _AWS,
    replace(_AWS, name="eks", user="ec2-user"),
    _cloud("aks", Route.SSH, key_variables=("AZURE_SSH_KEY", "KUBE_SSH_KEY"), user="azureuser"),
    Provider("kcp", without="provider.no-nodes", load_balancer=None),
    Provider("ks", without="provider.no-nodes", load_balancer=None),
    Provider(
        "vsphere", Route.SSH, key_variables=("KUBE_SSH_KEY", "LOCAL_SSH_KEY"), load_balancer=None, features=_MACHINES
    ),
)

PROVIDERS: Mapping[str, Provider] = {row.name: row for row in _ROWS}
ALIASES: Mapping[str, str] = {"on-premises": "skeleton"}


def provider_named(name: str) -> Provider:
    """Raises UsageError, with the list, for a name that is unknown or empty."""
    found = PROVIDERS.get(ALIASES.get(name, name))
    if found is None:
        code = "provider.unknown" if name else "provider.none"
        raise UsageError(code, found=name, choices=(*PROVIDERS, *ALIASES))
    return found


def missing(provider: Provider | None, feature: Feature) -> Reason | None:
    """Why the feature is not available; None: it is. Without a provider, nothing is known of the nodes."""
    having = tuple(row.name for row in _ROWS if feature in row.features)
    if provider is None:
        return Reason("provider.needed", {"choices": having})
    if feature in provider.features:
        return None
    return Reason(provider.without or f"provider.no-{feature}", {"provider": provider.name, "choices": having})


def as_root(argv: Argv) -> Argv:
    """The command, run as root by any login user: for root itself without sudo, which may not be installed."""
    return ("sh", "-c", 'if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n -- "$@"; fi', "sh", *argv)
