"""The measurements there are: adding one is one file and one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clearway.cl2.config.methods import Method
from clearway.cl2.config.model import Part
from clearway.cl2.measurements import chaos, controlled, network
from clearway.cl2.measurements.base import Measurement
from clearway.cl2.measurements.chaos import ChaosMonkey
from clearway.cl2.measurements.controlled import WaitForControlledPodsRunning
from clearway.cl2.measurements.execute import Exec, ExecParameters
from clearway.cl2.measurements.network import NetworkPerformance
from clearway.cl2.measurements.nodes import NodesParameters, WaitForNodes
from clearway.cl2.measurements.ooms import ClusterOoms, MetricsParameters, OomParameters
from clearway.cl2.measurements.pods import PodsParameters, WaitForRunningPods
from clearway.cl2.measurements.sleep import Sleep, SleepParameters
from clearway.cl2.measurements.timer import LabelParameters, Timer
from clearway.shell.providers import Feature


@dataclass(frozen=True)
class Row(Method):
    make: Callable[[], Measurement] = Sleep


MEASUREMENTS: Mapping[str, Row] = {
    "NetworkPerformanceMetrics": Row(
        {"start": network.StartParameters, "gather": network.GatherParameters}, "start", NetworkPerformance
    ),
    "Sleep": Row({"": SleepParameters}, make=Sleep),
    "Timer": Row({"start": LabelParameters, "stop": LabelParameters, "gather": Part}, "start", Timer),
    "Exec": Row({"": ExecParameters}, make=Exec),
    "WaitForControlledPodsRunning": Row(
        {"start": controlled.StartParameters, "gather": controlled.GatherParameters, "stop": Part},
        "start",
        WaitForControlledPodsRunning,
    ),
    "WaitForRunningPods": Row({"": PodsParameters}, make=WaitForRunningPods),
    "ClusterOOMsTracker": Row({"start": OomParameters, "gather": OomParameters}, "start", ClusterOoms),
    "TestMetrics": Row(
        {
            "start": MetricsParameters,
            "gather": MetricsParameters,
            "pauseSystemPodMetrics": Part,
            "unpauseSystemPodMetrics": Part,
        },
        "start",
        ClusterOoms,
    ),
    "WaitForNodes": Row({"": NodesParameters}, make=WaitForNodes),
}

WITH_CHAOS: Mapping[str, Row] = {
    **MEASUREMENTS,
    chaos.METHOD: Row({"start": chaos.StartParameters, "stop": Part}, "start", ChaosMonkey, needs=Feature.NODE_KILLER),
}
"""What there is where nodes may be broken on purpose."""
