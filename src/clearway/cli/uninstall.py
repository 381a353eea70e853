"""`clearway uninstall`: takes away what `clearway install` put up."""

from __future__ import annotations

import asyncio

from clearway.base.errors import UsageError
from clearway.cli.cluster import NO_CLUSTER_FLAGS, WhichCluster
from clearway.cli.options import Lang, language

IN_USE = 3


def uninstall(*, cluster: WhichCluster = NO_CLUSTER_FLAGS, lang: Lang = None) -> int:
    """Remove the kind, its rule, the roles and the namespace, unless a run still has objects."""
    from clearway.cli.log import stderr_log
    from clearway.cli.sites import finding_log
    from clearway.site.kubernetes.cleaning import uninstall as uninstalled

    if not cluster.given:
        raise UsageError("cli.no-cluster")
    with stderr_log(verbose=True):
        gone = asyncio.run(uninstalled(cluster.access, cluster.namespace, finding_log(language(lang))))
    return 0 if gone else IN_USE
