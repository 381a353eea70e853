"""Names, labels and API paths of our objects."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.probe.slot import HOST, POD
from clearway.probe.worker_object import GROUP, PLURAL, VERSION


@dataclass(frozen=True)
class Kind:
    """Where objects of a kind of mailbox are."""

    group: str
    version: str
    plural: str

    @property
    def crd(self) -> str:
        return f"{self.plural}.{self.group}"

    @property
    def api(self) -> str:
        return f"/apis/{self.group}/{self.version}"

    @property
    def everywhere(self) -> str:
        return f"{self.api}/{self.plural}"

    def within(self, namespace: str) -> str:
        return f"{self.api}/namespaces/{namespace}/{self.plural}"


MAILBOX = Kind(GROUP, VERSION, PLURAL)
CRD = MAILBOX.crd
POLICY = f"worker-status.{GROUP}"
CONTROLLER = "clearway-controller"
"""Role and cluster role of the users who start runs."""
OBSERVER = "clearway-observer"
"""Optional cluster role: to see what happens around a run."""

MANAGED_BY = "app.kubernetes.io/managed-by"
OURS = {MANAGED_BY: "clearway"}
RUN = f"{GROUP}/run"
"""Label: which run an object belongs to."""
NETWORK = f"{GROUP}/network"
"""Label: the network of a worker, `pod` or `host`."""
JOB_INDEX = "batch.kubernetes.io/job-completion-index"

KEEPER = f"{GROUP}/kept-by"
"""Annotation of what is cluster-scoped: `install`, or `run` if the run that created it deletes it again."""
SCHEMA = f"{GROUP}/schema"
"""Annotation of the CRD: digest of the schema, so that another version is noticed."""

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
CLUSTER_ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
NAMESPACES = "/api/v1/namespaces"
NODES = "/api/v1/nodes"
ALL_LEASES = "/apis/coordination.k8s.io/v1/leases"
ALL_JOBS = "/apis/batch/v1/jobs"
ALL_MAILBOXES = MAILBOX.everywhere


def job_name(run: str, network: str) -> str:
    """The Job of a run's workers in one network. A worker is called `<job>-<index>`."""
    return run if network == POD else f"{run}-{network}"


def network_of(worker: str) -> str:
    """The network that a worker's name says."""
    return HOST if worker.rpartition("-")[0].endswith(f"-{HOST}") else POD


def selector(run: str | None = None) -> dict[str, str]:
    """Query that selects the objects of one run, or of all."""
    labels = OURS if run is None else {**OURS, RUN: run}
    return {"labelSelector": ",".join(f"{name}={value}" for name, value in labels.items())}


class Paths:
    """Collections in one namespace."""

    def __init__(self, namespace: str, mailbox: Kind = MAILBOX) -> None:
        core = f"{NAMESPACES}/{namespace}"
        self.namespace = core
        self.pods = f"{core}/pods"
        self.events = f"{core}/events"
        self.accounts = f"{core}/serviceaccounts"
        self.leases = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self.jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
        self.roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles"
        self.role_bindings = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"
        self.services = f"{core}/services"
        self.mailboxes = mailbox.within(namespace)
