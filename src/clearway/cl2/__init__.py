"""ClusterLoader2's door: its command line, test configs, steps and measurements, carried out by a campaign of ours."""
