"""The commands there are, and the overview that `clearway --help` prints."""

from __future__ import annotations

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "run": "Measure, judge and report: the acceptance test.",
    "plan": "Show what would run; nothing is started.",
    "judge": "Judge a run again, with other limits if given.",
    "report": "Write a report of a run.",
    "cni-cost": "Show what the pod network costs, from a run on hosts and one on pods.",
    "explain": "Explain a metric, a verdict, a message or a figure in plain words.",
    "init": "Print a spec to start from, or limits made from a run.",
    "check": "Say whether a run will work on a cluster or on hosts, and if not, why.",
    "manifests": "Print the cluster-scoped part, for an administrator to read and apply.",
    "install": "Apply the cluster-scoped part once for all runs.",
    "uninstall": "Take the cluster-scoped part away.",
    "clean": "Remove whatever any run left on a cluster.",
    "revive": "Put back the nodes that a run broke on purpose and left so.",
    "image": "Show how the worker image gets onto the nodes, or load it.",
    "launcher": "Make a ./clusterloader2, for scripts that call it by its path.",
    "completion": "Print the completion script of a shell.",
}

_FRAME = """\
Usage: clearway COMMAND [--help]

The network acceptance test for Kubernetes clusters.

Commands:
{commands}

First run:   clearway run --lab
A cluster:   clearway run --kubeconfig ~/.kube/config
Plain hosts: clearway run --hosts hosts.yaml
Exit codes:  0 accepted or measured, 1 rejected, 2 usage or spec, 3 inconclusive or the site
             would not let us, 4 a bug of ours, 130 interrupted
"""


def overview() -> str:
    """The overview, without the libraries that a command needs: it has to come at once."""
    width = max(map(len, COMMANDS))
    return _FRAME.format(commands="\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items()))
