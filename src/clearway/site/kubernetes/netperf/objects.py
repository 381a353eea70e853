"""What ClusterLoader2's workers need of a cluster: their kind, their rights, their pods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clearway.probe.clusterloader2 import GROUP, KIND, PLURAL, SAID, VERSION, WANTED
from clearway.site.kubernetes.cluster_scope import Manifest, Scoped
from clearway.site.kubernetes.names import KEEPER, OURS, SCHEMA, Kind
from clearway.site.kubernetes.schema import digest, structural
from clearway.site.kubernetes.workers import Team, field

UDP_RATE = "750M"
"""As its own Deployment has it; iperf's capital M is 1,048,576. A pod's flags say it, no request can."""
_NETWORK_TESTS = Kind(GROUP, VERSION, PLURAL)
_RULES: list[Manifest] = [
    {"apiGroups": [GROUP], "resources": [PLURAL], "verbs": ["get", "list", "update", "watch"]},
]
"""All that they use of the administrator's rights that ClusterLoader2 gives them."""


def _crd(keeper: str) -> Manifest:
    """Without a status of its own: a worker writes the whole object."""
    status = {**structural(SAID.schema()), "required": []}
    schema = {"type": "object", "properties": {"spec": structural(WANTED.schema()), "status": status}}
    version = {"name": VERSION, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    annotations = {KEEPER: keeper, SCHEMA: digest(schema)}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": _NETWORK_TESTS.crd, "labels": OURS, "annotations": annotations},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": KIND, "listKind": f"{KIND}List", "plural": PLURAL, "singular": KIND.lower()},
            "versions": [version],
        },
    }


SCOPE = Scoped(_NETWORK_TESTS, _crd, pod_security="baseline")
"""Their image runs as root."""


class NetperfTeam(Team):
    """ClusterLoader2's workers, as one of our Jobs: evenly spread, and gone with it."""

    def mailboxes(self, owner: Manifest) -> Iterable[Manifest]:
        """None: who is asked what is only known with a round."""
        return ()

    def _rules(self) -> list[Manifest]:
        return _RULES

    def _pod(self) -> Manifest:
        return {**super()._pod(), "securityContext": {}, "volumes": []}

    def _container(self) -> dict[str, Any]:
        return {
            "name": "worker",
            "image": self.options.image,
            "imagePullPolicy": "IfNotPresent",
            "args": ["--v=4", f"--udpClientExtraArguments=-b {UDP_RATE}"],
            "env": [{"name": "POD_NAME", "valueFrom": field("metadata.name")}],
            "resources": self._resources(),
        }
