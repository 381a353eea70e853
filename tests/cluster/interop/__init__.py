"""ClusterLoader2, built from a copy of its source, with clearway's workers on a real cluster."""
