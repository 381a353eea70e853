"""`clearway manifests`: the cluster-scoped part, to be read and applied by an administrator."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from clearway.site.kubernetes.options import NAMESPACE


def manifests(
    *, namespace: Annotated[str, Parameter(help="Where the workers of all runs will live.")] = NAMESPACE
) -> int:
    """Print what `clearway install` applies, as YAML: kind, write rule, namespace, roles to bind."""
    import yaml

    from clearway.site.kubernetes.cluster_scope import manifests as made

    print(yaml.safe_dump_all(made(namespace), sort_keys=False), end="")
    return 0
