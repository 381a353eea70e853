"""The agent as a worker of ClusterLoader2's: under its controller, with its flags, in its words and units."""
