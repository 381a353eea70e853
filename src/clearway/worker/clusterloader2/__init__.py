"""The agent as a worker of ClusterLoader2: its controller, its flags, its objects and its units."""
