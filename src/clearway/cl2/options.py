"""What the flags ask for, checked as a whole."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from clearway.base.errors import ClearwayError, UsageError
from clearway.cl2.config.load import CommandLineChanges
from clearway.cl2.flags import Given, refuse
from clearway.cl2.namespaces import NamespaceDefaults
from clearway.cl2.settings import SETTINGS, SettingsName
from clearway.kube.access import Access
from clearway.shell.node_access import NodeAccess, node_access
from clearway.shell.providers import provider_named
from clearway.site.kubernetes.options import IMAGE, NAMESPACE, KubernetesOptions, parse_toleration


@dataclass(frozen=True)
class Options:
    """One call of the command."""

    configs: tuple[str, ...]
    overrides: tuple[str, ...]
    suite: str | None
    report_dir: Path | None
    runs: Path
    """Folder that run directories are made in: they are kept also where there is no report folder."""
    dry_run: bool
    verify: bool
    nodes: int | None
    """As given; None: the cluster is asked where a template needs the number."""
    image_registry: str
    provider: str
    """As given; empty: none."""
    node_access: NodeAccess | None
    """How the provider's nodes are reached."""
    settings: SettingsName
    changes: CommandLineChanges
    namespaces: NamespaceDefaults
    cluster: KubernetesOptions
    allow_chaos: bool
    """Whether nodes may be broken on purpose."""
    environ: Mapping[str, str]
    """Of the process: its `CL2_*` are variables of templates."""


class Conflicts(UsageError):
    """All that is wrong with the flags."""

    def __init__(self, errors: tuple[ClearwayError, ...]) -> None:
        super().__init__("door.flags-wrong", count=len(errors))
        self.errors = errors


def options(given: Given, environ: Mapping[str, str] = MappingProxyType({})) -> Options:
    """Raises the UsageError of a single fault, or Conflicts with all of them."""
    errors = tuple(_wrong(given, environ))
    if errors:
        raise errors[0] if len(errors) == 1 else Conflicts(errors)
    folder, nodes = given.get("report-dir"), given.get("nodes")
    return Options(
        configs=given.get("testconfig", ()),
        overrides=given.get("testoverrides", ()),
        suite=given.get("testsuite") or None,
        report_dir=Path(folder).expanduser() if folder else None,
        runs=Path(folder).expanduser() if folder else Path("clearway-runs") / time.strftime("%Y%m%d-%H%M%S"),
        dry_run=given.get("dry-run", False),
        verify=not given.get("skip-cluster-verification", False),
        nodes=nodes or None,
        image_registry=given.get("registry-k8s-repo", ""),
        provider=given.get("provider", ""),
        node_access=_reach(given, environ),
        settings=given.get("settings", "clearway"),
        changes=CommandLineChanges(given.get("overwrite-test-config", ()), given.get("skip-steps", ())),
        namespaces=NamespaceDefaults(
            given.get("delete-stale-namespaces", False), given.get("delete-automanaged-namespaces", True)
        ),
        cluster=_cluster(given),
        allow_chaos=given.get("allow-chaos", False),
        environ=environ,
    )


def _reach(given: Given, environ: Mapping[str, str]) -> NodeAccess | None:
    """None if no provider is named: a test may not need one. Raises UsageError."""
    name, configs = given.get("provider", ""), given.get("provider-configs", ())
    return node_access(provider_named(name), configs, environ) if name or configs else None


def _cluster(given: Given) -> KubernetesOptions:
    kubeconfig = given.get("kubeconfig")
    path = Path(kubeconfig).expanduser().absolute() if kubeconfig else None
    return KubernetesOptions(
        access=Access(path, None, given.get("run-from-cluster", False)),
        namespace=given.get("worker-namespace", NAMESPACE),
        image=given.get("worker-image", IMAGE),
        nodes=given.get("node-selector"),
        tolerations=tuple(parse_toleration(text) for text in given.get("tolerate", ())),
        brake=given.get("brake", True),
        beside_others=True,  # as ClusterLoader2 does
    )


def _wrong(given: Given, environ: Mapping[str, str]) -> Iterator[ClearwayError]:
    yield from _caught(lambda: refuse(given))
    yield from _caught(lambda: _cluster(given))
    if given.get("kubeconfig") and given.get("run-from-cluster"):
        yield UsageError("door.two-clusters", kubeconfig=given["kubeconfig"])
    elif not given.get("kubeconfig") and not given.get("run-from-cluster") and not given.get("dry-run"):
        yield UsageError("door.no-cluster")
    if bool(given.get("testconfig")) == bool(given.get("testsuite")):
        yield UsageError("door.config-or-suite")
    yield from _caught(lambda: _reach(given, environ))
    known = get_args(SettingsName)
    if (settings := given.get("settings", known[0])) not in known:
        yield UsageError("door.unknown-settings", found=settings, choices=known)
    else:
        yield from _caught(lambda: SETTINGS[settings].employed(_cluster(given)))


def _caught(check: Any) -> Iterator[ClearwayError]:
    try:
        check()
    except ClearwayError as error:
        yield error
