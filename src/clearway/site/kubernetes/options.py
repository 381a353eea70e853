"""How a user wants a cluster to be measured."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from clearway import __version__
from clearway.base.errors import UsageError
from clearway.base.units import Duration
from clearway.kube.access import Access
from clearway.probe.codec import of
from clearway.probe.json_values import as_object

IMAGE = f"clearway.dev/worker:{__version__}"
"""A name with a registry, so that a container runtime adds none."""


def cache() -> Path:
    """Where archives are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "clearway" / "image"


def newest_archive() -> Path | None:
    """The archive that was built or used last; None if there is none."""
    found = sorted(cache().glob("worker-*.oci.tar"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


NAMESPACE = "clearway"


class Workers(Enum):
    """The kinds of workers; each gets requests and sends results in its own way."""

    CLEARWAY = "clearway"
    CLUSTERLOADER2 = "clusterloader2"


EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


@dataclass(frozen=True)
class Toleration:
    """As a pod states it; None matches anything."""

    key: str | None = None
    value: str | None = None
    effect: str | None = None


def parse_toleration(text: str) -> Toleration:
    """Read `key`, `key=value` or either with `:effect`, as taints are written. Raises UsageError."""
    stated, _, effect = text.partition(":")
    key, _, value = stated.partition("=")
    if not key or (effect and effect not in EFFECTS):
        raise UsageError("kubernetes.not-a-toleration", found=text, choices=EFFECTS)
    return Toleration(key, value or None, effect or None)


@dataclass(frozen=True)
class KubernetesOptions:
    access: Access
    namespace: str = NAMESPACE
    nodes: str | None = None
    """Label selector of the nodes to measure; None: all but those reserved for the control plane."""
    image: str = IMAGE
    pull_secrets: tuple[str, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    priority_class: str | None = None
    machine_label: str | None = None
    partial: bool = False
    """Go on without workers that don't start; the pairs that need them stay undecided."""
    brake: bool = True
    """Stop the run if it harms the cluster."""
    lease: Duration = Duration(600)
    """How long workers outlive a controller that died; it renews the lease three times in that time."""
    workers: Workers = Workers.CLEARWAY
    beside_others: bool = False
    """Measure although another run does."""
    cpu: str | None = None
    """CPU request and limit of a worker, to compare with figures measured with a limit; None: no limit."""


def _with_defaults(data: Any) -> KubernetesOptions:
    return of(KubernetesOptions).decode({**OPTIONS.encode(KubernetesOptions(Access())), **as_object(data)})


OPTIONS = replace(of(KubernetesOptions), decode=_with_defaults)
"""What an older file does not say is as it is by default."""


def dump_options(options: KubernetesOptions) -> str:
    """JSON that `OPTIONS` reads back. It names the kubeconfig; it holds nothing of it."""
    return json.dumps(OPTIONS.encode(options), indent=2) + "\n"
