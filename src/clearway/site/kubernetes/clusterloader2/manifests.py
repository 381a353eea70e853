"""The API objects of ClusterLoader2's workers: their kind, their rights, their pods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clearway.kube.api import ApiObject
from clearway.probe.clusterloader2 import GROUP, KIND, NETWORK_TEST_SPEC, NETWORK_TEST_STATUS, PLURAL, VERSION
from clearway.site.kubernetes.cluster_scope import Scoped
from clearway.site.kubernetes.names import KEEPER, OURS, SCHEMA, Kind
from clearway.site.kubernetes.schema import digest, structural
from clearway.site.kubernetes.workers import WORKER_CONTAINER, WorkerManifests, field

UDP_RATE = "750M"
"""As in ClusterLoader2's own Deployment; iperf's capital M is 1,048,576. Only a pod's flags can set it."""
_NETWORK_TESTS = Kind(GROUP, VERSION, PLURAL)
_RULES: list[ApiObject] = [
    {"apiGroups": [GROUP], "resources": [PLURAL], "verbs": ["get", "list", "update", "watch"]},
]
"""What they need; ClusterLoader2 itself gives them an administrator's rights."""


def _crd(keeper: str) -> ApiObject:
    """Without the status subresource: a worker writes the whole object."""
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


class ClusterLoader2Manifests(WorkerManifests):
    """ClusterLoader2's workers as a Job like that of clearway's workers: evenly spread, and deleted with it."""

    def mailboxes(self, owner: ApiObject) -> Iterable[ApiObject]:
        """None: the pairs are only known with a round."""
        return ()

    def _rules(self) -> list[ApiObject]:
        return _RULES

    def _pod(self) -> ApiObject:
        return {**super()._pod(), "securityContext": {}, "volumes": []}

    def _container(self) -> dict[str, Any]:
        return {
            "name": WORKER_CONTAINER,
            "image": self.options.image,
            "imagePullPolicy": "IfNotPresent",
            "args": ["--v=4", f"--udpClientExtraArguments=-b {UDP_RATE}"],
            "env": [{"name": "POD_NAME", "valueFrom": field("metadata.name")}],
            "resources": self._resources(),
        }
