"""A cluster of Linux network namespaces on this machine: it needs no cluster and no root, and its truth is known."""
