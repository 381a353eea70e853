"""A real Kubernetes of several nodes on this machine, for tests and by hand (docs/developers/cluster-harness.md)."""
