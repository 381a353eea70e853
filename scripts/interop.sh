#!/bin/bash
# ClusterLoader2's own controller with clearway's worker image, and clearway's `clusterloader2` with ClusterLoader2's worker image, on a
# real Kubernetes made for it (root, and Go to build with).
#
#   scripts/interop.sh PATH-TO-PERF-TESTS [--way controller|door] [--protocol tcp|udp|http]... [--pairs N]
#
# It copies the source, mends what keeps it from working (tests/cluster/interop/peer.py says what and why), builds it, and
# holds every figure that has to be there. Exit: 0 all are; 1 some are not; 2 the source is another one.
set -euo pipefail
source=$(realpath "${1:?where a copy of kubernetes/perf-tests is}")
shift
cd "$(dirname "$0")/.."
bin=${VENV:-.venv}/bin

image=$(PYTHONPATH=src:. "$bin/python" -m image)
PYTHONPATH=src:. "$bin/python" -m harness build
PYTHONPATH=src:tests:. exec "$bin/python" -m cluster.interop "$source" "$image" "$@"
