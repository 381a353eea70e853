"""`clearway install`: what a cluster holds once for all runs."""

from __future__ import annotations

import asyncio

from clearway.base.errors import UsageError
from clearway.cli.cluster import NO_CLUSTER_FLAGS, WhichCluster
from clearway.cli.options import Lang, language


def install(*, cluster: WhichCluster = NO_CLUSTER_FLAGS, lang: Lang = None) -> int:
    """Apply the manifests; runs then need rights in one namespace only."""
    from clearway.cli.log import stderr_log
    from clearway.cli.sites import finding_log
    from clearway.site.kubernetes.cleaning import install as installed

    if not cluster.given:
        raise UsageError("cli.no-cluster")
    with stderr_log(verbose=True):
        asyncio.run(installed(cluster.access, cluster.namespace, finding_log(language(lang))))
    return 0
