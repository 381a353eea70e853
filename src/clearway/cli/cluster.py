"""What clearway puts on a cluster apart from a run: `manifests`, `install`, `uninstall`, `clean`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import yaml
from cyclopts import Parameter

from clearway.cli.flags import WORKERS, ClusterFlags, Lang, chosen_language
from clearway.cli.log import stderr_log
from clearway.cli.sites import finding_log
from clearway.report.wording import sentence
from clearway.site.kubernetes import cleaning, cluster_scope
from clearway.site.kubernetes.options import NAMESPACE

IN_USE = 3
"""Exit code where a run still has objects, so that nothing was removed."""


def manifests(
    *,
    namespace: Annotated[str, Parameter(group=WORKERS, help="Where the workers of all runs will live.")] = NAMESPACE,
) -> int:
    """Print what `clearway install` applies, as YAML: kind, write rule, namespace, roles to bind."""
    print(yaml.safe_dump_all(cluster_scope.manifests(namespace), sort_keys=False), end="")
    return 0


def install(*, cluster_flags: ClusterFlags = ClusterFlags(), lang: Lang = None) -> int:
    """Apply the manifests; runs then need rights in one namespace only."""
    access, log = cluster_flags.access, finding_log(chosen_language(lang))
    with stderr_log(verbose=True):
        asyncio.run(cleaning.install(access, cluster_flags.namespace, log))
    return 0


def uninstall(*, cluster_flags: ClusterFlags = ClusterFlags(), lang: Lang = None) -> int:
    """Remove the kind, its rule, the roles and the namespace, unless a run still has objects."""
    access, log = cluster_flags.access, finding_log(chosen_language(lang))
    with stderr_log(verbose=True):
        gone = asyncio.run(cleaning.uninstall(access, cluster_flags.namespace, log))
    return 0 if gone else IN_USE


def clean(
    *,
    cluster_flags: ClusterFlags = ClusterFlags(),
    all_namespaces: Annotated[bool, Parameter(group=WORKERS, help="Wherever a run left something.")] = False,
    lang: Lang = None,
) -> int:
    """Remove the objects of runs, running ones too, by label; name the nodes where a worker may still run."""
    access, language = cluster_flags.access, chosen_language(lang)
    namespace = None if all_namespaces else cluster_flags.namespace
    with stderr_log(verbose=True):
        count = asyncio.run(cleaning.clean(access, namespace, finding_log(language)))
    print(sentence("cli.cleaned", {"count": count}, language))
    return 0
