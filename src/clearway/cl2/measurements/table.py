"""The table of measurements: a new one is one class and one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clearway.cl2.config.methods import Method
from clearway.cl2.config.model import Part
from clearway.cl2.measurements import chaos, network, waiting
from clearway.cl2.measurements.base import MeasurementMethod
from clearway.cl2.measurements.chaos import ChaosMonkey
from clearway.cl2.measurements.execute import Exec, ExecParameters
from clearway.cl2.measurements.network import NetworkPerformance
from clearway.cl2.measurements.ooms import ClusterOoms, MetricsParameters, OomParameters
from clearway.cl2.measurements.timing import LabelParameters, Sleep, SleepParameters, Timer
from clearway.shell.providers import Feature


@dataclass(frozen=True)
class MethodRow(Method):
    make: Callable[[], MeasurementMethod]
    """One for each identifier in a test."""


MEASUREMENTS: Mapping[str, MethodRow] = {
    "NetworkPerformanceMetrics": MethodRow(
        {"start": network.NetworkStartParameters, "gather": network.NetworkGatherParameters}, NetworkPerformance
    ),
    "Sleep": MethodRow({"": SleepParameters}, Sleep),
    "Timer": MethodRow({"start": LabelParameters, "stop": LabelParameters, "gather": Part}, Timer),
    "Exec": MethodRow({"": ExecParameters}, Exec),
    "WaitForControlledPodsRunning": MethodRow(
        {"start": waiting.ControlledStartParameters, "gather": waiting.ControlledGatherParameters, "stop": Part},
        waiting.WaitForControlledPodsRunning,
    ),
    "WaitForRunningPods": MethodRow({"": waiting.PodsParameters}, waiting.WaitForRunningPods),
    "ClusterOOMsTracker": MethodRow({"start": OomParameters, "gather": OomParameters}, ClusterOoms),
    "TestMetrics": MethodRow(
        dict.fromkeys(("start", "gather"), MetricsParameters)
        | dict.fromkeys(("pauseSystemPodMetrics", "unpauseSystemPodMetrics"), Part),
        ClusterOoms,
    ),
    "WaitForNodes": MethodRow({"": waiting.NodesParameters}, waiting.WaitForNodes),
}

WITH_CHAOS: Mapping[str, MethodRow] = {
    **MEASUREMENTS,
    chaos.METHOD: MethodRow(
        {"start": chaos.ChaosStartParameters, "stop": Part}, ChaosMonkey, needs=Feature.NODE_KILLER
    ),
}
"""The table where nodes may be broken on purpose."""
