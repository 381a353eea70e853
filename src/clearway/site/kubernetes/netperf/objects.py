"""What ClusterLoader2's workers need of a cluster: their kind, their rights, their pods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clearway.kube.api import ApiObject
from clearway.probe.clusterloader2 import GROUP, KIND, NETWORK_TEST_SPEC, NETWORK_TEST_STATUS, PLURAL, VERSION
from clearway.site.kubernetes.cluster_scope import Scoped
from clearway.site.kubernetes.names import KEEPER, OURS, SCHEMA, Kind
from clearway.site.kubernetes.schema import digest, structural
from clearway.site.kubernetes.workers import WorkerManifests, field

UDP_RATE = "750M"
"""As its own Deployment has it; iperf's capital M is 1,048,576. A pod's flags say it, no request can."""
_NETWORK_TESTS = Kind(GROUP, VERSION, PLURAL)
_RULES: list[ApiObject] = [
    {"apiGroups": [GROUP], "resources": [PLURAL], "verbs": ["get", "list", "update", "watch"]},
]
"""All that they use of the administrator's rights that ClusterLoader2 gives them."""


def _crd(keeper: str) -> ApiObject:
    """Without a status of its own: a worker writes the whole object."""
    status = {**structural(NETWORK_TEST_STATUS.schema()), "required": []}
    schema = {"type": "object", "properties": {"spec": structural(NETWORK_TEST_SPEC.schema()), "status": status}}
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


class NetperfManifests(WorkerManifests):
    """ClusterLoader2's workers, as one of our Jobs: evenly spread, and gone with it."""

    def mailboxes(self, owner: ApiObject) -> Iterable[ApiObject]:
        """None: who is asked what is only known with a round."""
        return ()

    def _rules(self) -> list[ApiObject]:
        return _RULES

    def _pod(self) -> ApiObject:
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
