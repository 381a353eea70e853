"""Every method that ClusterLoader2 knows, why some are refused, and what a compiled test calls, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clearway.cl2.config.model import Cl2Config, Part
from clearway.shell.providers import Feature
from clearway.spec.problems import SourcePosition


@dataclass(frozen=True)
class Method:
    """A measurement as a config calls it."""

    actions: Mapping[str, type[Part]]
    """Action -> its parameters; a method without actions has one entry, under the empty word."""
    needs: Feature | None = field(default=None, kw_only=True)
    """What the provider must have; None: the API is enough."""

    @property
    def begins(self) -> str | None:
        """The action that has to come before all others of the same identifier."""
        return "start" if "start" in self.actions else None


Methods = Mapping[str, Method]

_BY_REASON: Mapping[str, tuple[str, ...]] = {
    "door.needs-prometheus": (
        *("APIResponsivenessPrometheus", "CiliumEndpointPropagationDelay", "ContainerRestarts"),
        *("DNSPerformanceK8sHostnames", "GenericPrometheusQuery", "MetricsServerPrometheus", "NegLatency"),
        *("NetworkProgrammingLatency", "NodeLocalDNSLatencyPrometheus", "PrometheusSchedulingMetrics"),
        *("SchedulingThroughputPrometheus", "WindowsResourceUsagePrometheus"),
    ),
    "door.needs-control-plane": (
        *("APIAvailability", "BlockProfile", "CPUProfile", "EtcdMetrics", "MemoryProfile", "MetricsForE2E"),
        *("ResourceUsageSummary", "RestartApiserver", "SchedulingMetrics", "SystemPodMetrics"),
    ),
    "door.needs-objects": (
        *("JobLifecycleLatency", "KubeStateMetricsLatency", "LoadBalancerNodeSyncLatency"),
        *("NetworkPolicyEnforcement", "PodPeriodicCommand", "PodStartupLatency", "ResourceClaimAllocationLatency"),
        *("SLOMeasurement", "SchedulingThroughput", "ServiceCreationLatency", "WaitForAvailablePVs"),
        *("WaitForBoundPVCs", "WaitForFinishedJobs", "WaitForGenericK8sObjects"),
    ),
    "door.needs-probes": ("DnsPropagation", "InClusterAPIServerRequestLatency", "DnsLookupLatency"),
    "door.needs-network-probes": ("InClusterNetworkLatency",),
    "door.breaks-nodes": ("ChaosMonkey",),
    "door.tracks-nodes": ("NodeHealthTracker",),
}

NEEDS: Mapping[str, Feature] = {"nodeFailure": Feature.NODE_KILLER, "ChaosMonkey": Feature.NODE_KILLER}
"""What a test's `chaosMonkey`, and a method that may be refused, need of the provider."""

REFUSED: Mapping[str, str] = {method: code for code, methods in _BY_REASON.items() for method in methods}
"""Method -> the code that says why, and what can be used instead."""


Key = tuple[str, str]
"""Method and identifier: one measurement, called as often as steps name it."""


@dataclass(frozen=True)
class MethodCall:
    """One call of a measurement."""

    method: str
    identifier: str
    action: str
    """Empty where the method knows no actions."""
    params: Part
    place: SourcePosition

    @property
    def key(self) -> Key:
        return self.method, self.identifier


@dataclass(frozen=True)
class PlannedStep:
    """Calls that are made at the same time."""

    name: str
    calls: tuple[MethodCall, ...]


@dataclass(frozen=True)
class Compiled:
    """A test that can be run."""

    config: Cl2Config
    """As generatedConfig_*.yaml shows it: modules resolved, steps skipped, values overwritten."""
    steps: tuple[PlannedStep, ...]
