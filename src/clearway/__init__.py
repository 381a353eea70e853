"""clearway: the network acceptance test for Kubernetes clusters."""

__version__ = "0.1.0"
