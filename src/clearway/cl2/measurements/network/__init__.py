"""NetworkPerformanceMetrics: a campaign of clearway's between so many clients and servers."""

from clearway.cl2.measurements.network.measurement import NetworkPerformance
from clearway.cl2.measurements.network.request import NetworkGatherParameters, NetworkStartParameters

__all__ = ["NetworkGatherParameters", "NetworkPerformance", "NetworkStartParameters"]
