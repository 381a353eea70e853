"""Every method that ClusterLoader2 knows: which are supported, and why the others are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clearway.cl2.config.model import Part
from clearway.shell.providers import Feature


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
        "APIResponsivenessPrometheus",
        "CiliumEndpointPropagationDelay",
        "ContainerRestarts",
        "DNSPerformanceK8sHostnames",
        "GenericPrometheusQuery",
        "MetricsServerPrometheus",
        "NegLatency",
        "NetworkProgrammingLatency",
        "NodeLocalDNSLatencyPrometheus",
        "PrometheusSchedulingMetrics",
        "SchedulingThroughputPrometheus",
        "WindowsResourceUsagePrometheus",
    ),
    "door.needs-control-plane": (
        "APIAvailability",
        "BlockProfile",
        "CPUProfile",
        "EtcdMetrics",
        "MemoryProfile",
        "MetricsForE2E",
        "ResourceUsageSummary",
        "RestartApiserver",
        "SchedulingMetrics",
        "SystemPodMetrics",
    ),
    "door.needs-objects": (
        "JobLifecycleLatency",
        "KubeStateMetricsLatency",
        "LoadBalancerNodeSyncLatency",
        "NetworkPolicyEnforcement",
        "PodPeriodicCommand",
        "PodStartupLatency",
        "ResourceClaimAllocationLatency",
        "SLOMeasurement",
        "SchedulingThroughput",
        "ServiceCreationLatency",
        "WaitForAvailablePVs",
        "WaitForBoundPVCs",
        "WaitForFinishedJobs",
        "WaitForGenericK8sObjects",
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
