"""NetworkPerformanceMetrics: a campaign of clearway's between so many clients and servers."""

from clearway.cl2.measurements.network.measurement import NetworkPerformance
from clearway.cl2.measurements.network.request import GatherParameters, StartParameters

__all__ = ["GatherParameters", "NetworkPerformance", "StartParameters"]
