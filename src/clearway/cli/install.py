"""`clearway install`: what a cluster holds once for all runs."""

from __future__ import annotations

import asyncio

from clearway.cli.flags import ClusterFlags, Lang, chosen_language


def install(*, cluster_flags: ClusterFlags = ClusterFlags(), lang: Lang = None) -> int:
    """Apply the manifests; runs then need rights in one namespace only."""
    from clearway.cli.log import stderr_log
    from clearway.cli.sites import finding_log
    from clearway.site.kubernetes.cleaning import install as installed

    with stderr_log(verbose=True):
        asyncio.run(installed(cluster_flags.access, cluster_flags.namespace, finding_log(chosen_language(lang))))
    return 0
