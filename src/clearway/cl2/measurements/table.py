"""The measurements there are: adding one is one file and one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clearway.cl2.config.methods import Method
from clearway.cl2.config.model import Part
from clearway.cl2.measurements import chaos, controlled, network
from clearway.cl2.measurements.base import MeasurementMethod
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
class MethodRow(Method):
    make: Callable[[], MeasurementMethod] = Sleep


MEASUREMENTS: Mapping[str, MethodRow] = {
    "NetworkPerformanceMetrics": MethodRow(
        {"start": network.NetworkStartParameters, "gather": network.NetworkGatherParameters},
        "start",
        NetworkPerformance,
    ),
    "Sleep": MethodRow({"": SleepParameters}, make=Sleep),
    "Timer": MethodRow({"start": LabelParameters, "stop": LabelParameters, "gather": Part}, "start", Timer),
    "Exec": MethodRow({"": ExecParameters}, make=Exec),
    "WaitForControlledPodsRunning": MethodRow(
        {"start": controlled.ControlledStartParameters, "gather": controlled.ControlledGatherParameters, "stop": Part},
        "start",
        WaitForControlledPodsRunning,
    ),
    "WaitForRunningPods": MethodRow({"": PodsParameters}, make=WaitForRunningPods),
    "ClusterOOMsTracker": MethodRow({"start": OomParameters, "gather": OomParameters}, "start", ClusterOoms),
    "TestMetrics": MethodRow(
        {
            "start": MetricsParameters,
            "gather": MetricsParameters,
            "pauseSystemPodMetrics": Part,
            "unpauseSystemPodMetrics": Part,
        },
        "start",
        ClusterOoms,
    ),
    "WaitForNodes": MethodRow({"": NodesParameters}, make=WaitForNodes),
}

WITH_CHAOS: Mapping[str, MethodRow] = {
    **MEASUREMENTS,
    chaos.METHOD: MethodRow(
        {"start": chaos.ChaosStartParameters, "stop": Part}, "start", ChaosMonkey, needs=Feature.NODE_KILLER
    ),
}
"""What there is where nodes may be broken on purpose."""
