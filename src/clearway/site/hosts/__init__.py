"""Plain hosts, each reached by ssh: before there is a cluster, and to tell the CNI from the wire."""
