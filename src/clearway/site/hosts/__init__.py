"""Plain hosts, each reached by ssh: before there is a cluster, and to measure what a CNI costs."""
