"""`kubectl clearway`: the same commands, on the cluster that kubectl would talk to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from clearway.cli.main import main as clearway

_ON_A_CLUSTER = ("run", "plan", "check", "install", "uninstall", "clean")
_NAMED = ("--kubeconfig", "--context", "--in-cluster", "--lab", "--lab-file", "--resume")


def main() -> int:
    """As `clearway`; if no cluster is named, on the cluster of kubectl."""
    return clearway(with_kubectls_cluster(sys.argv[1:]))


def with_kubectls_cluster(words: list[str]) -> list[str]:
    """The words, with kubectl's kubeconfig added if the command needs a cluster and names none."""
    named = any(word.split("=")[0] in _NAMED for word in words)
    if not words or words[0] not in _ON_A_CLUSTER or named:
        return words
    return [words[0], "--kubeconfig", os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config"), *words[1:]]
