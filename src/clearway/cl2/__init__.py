"""The command `clusterloader2`: ClusterLoader2's flags, test configs, steps, measurements; campaigns measure."""
