"""The commands there are, with examples, and the overview that `clearway --help` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class CommandRow(NamedTuple):
    target: str
    """Module and function, loaded when the command is called."""
    summary: str
    examples: tuple[str, ...]
    """Without the word `clearway`."""


COMMANDS: Mapping[str, CommandRow] = {
    "run": CommandRow(
        "run:run",
        "Measure, judge and report: the acceptance test.",
        ("run --lab", "run cat.yaml --kubeconfig ~/.kube/config --nodes role=worker"),
    ),
    "plan": CommandRow(
        "plan:plan",
        "Show what would run; nothing is started.",
        ("plan --lab", "plan cat.yaml --hosts hosts.yaml"),
    ),
    "judge": CommandRow(
        "recorded:judge",
        "Judge a run again, with other limits if given.",
        ("judge clearway-runs/20260131-120000 --limits limits.yaml",),
    ),
    "report": CommandRow(
        "recorded:report",
        "Write a report of a run.",
        ("report clearway-runs/20260131-120000 --format markdown",),
    ),
    "verify": CommandRow(
        "verify:verify",
        "Say whether a run is whole: nothing changed, nothing missing.",
        ("verify clearway-runs/20260131-120000",),
    ),
    "triage": CommandRow(
        "triage:triage",
        "Slow: is it the road between two nodes, or the application?",
        (
            "triage node-1 node-2 --kubeconfig ~/.kube/config",
            "triage node-1 node-3 --lab --baseline runs/before",
        ),
    ),
    "cni-cost": CommandRow(
        "recorded:cni_cost",
        "Show what the pod network costs: a run on hosts, one on pods.",
        ("cni-cost runs/hosts runs/pods",),
    ),
    "explain": CommandRow(
        "explain:explain",
        "Explain a metric, a verdict, a message or a figure in plain words.",
        ("explain jitter", "explain 2654989 kbytes/sec"),
    ),
    "init": CommandRow(
        "init:init",
        "Print a spec to start from, or limits made from a run.",
        ("init > cat.yaml", "init --from clearway-runs/20260131-120000 --margin '10 %'"),
    ),
    "check": CommandRow(
        "check:check",
        "Say whether a run will work on a cluster or hosts, and why not.",
        ("check --kubeconfig ~/.kube/config", "check --hosts hosts.yaml"),
    ),
    "manifests": CommandRow(
        "cluster:manifests",
        "Print the cluster-scoped part, for an administrator to apply.",
        ("manifests | kubectl apply -f -",),
    ),
    "install": CommandRow(
        "cluster:install",
        "Apply the cluster-scoped part once for all runs.",
        ("install --kubeconfig ~/.kube/config",),
    ),
    "uninstall": CommandRow(
        "cluster:uninstall",
        "Take the cluster-scoped part away.",
        ("uninstall --kubeconfig ~/.kube/config",),
    ),
    "clean": CommandRow(
        "cluster:clean",
        "Remove what runs left on a cluster.",
        ("clean --kubeconfig ~/.kube/config --all-namespaces",),
    ),
    "revive": CommandRow(
        "revive:revive",
        "Put back the nodes that a run broke on purpose and left broken.",
        ("revive clearway-runs/20260131-120000 --provider skeleton",),
    ),
    "image": CommandRow(
        "image:image",
        "Show how the worker image gets onto the nodes, or load it.",
        ("image", "image kind --load"),
    ),
    "launcher": CommandRow(
        "launcher:launcher",
        "Make a ./clusterloader2, for scripts that call it by its path.",
        ("launcher ~/bin --replace",),
    ),
    "completion": CommandRow(
        "completion:completion",
        "Print the completion script of a shell.",
        ("completion bash > ~/.local/share/bash-completion/completions/clearway",),
    ),
}

_FRAME = """\
Usage: clearway COMMAND [--help]

The network acceptance test for Kubernetes clusters.

Commands:
{commands}

First run:   clearway run --lab
A cluster:   clearway run --kubeconfig ~/.kube/config
Plain hosts: clearway run --hosts hosts.yaml
Exit codes:  0 accepted or measured, 1 rejected, 2 usage or spec, 3 inconclusive
             or the site would not let us, 4 a bug of ours, 130 interrupted
"""


def overview() -> str:
    """The overview. It imports none of the libraries that commands need: loading them takes a third of a second."""
    width = max(map(len, COMMANDS))
    lines = (f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items())
    return _FRAME.format(commands="\n".join(lines))
