"""`clearway uninstall`: takes away what `clearway install` put up."""

from __future__ import annotations

import asyncio

from clearway.cli.flags import ClusterFlags, Lang, chosen_language

IN_USE = 3


def uninstall(*, cluster_flags: ClusterFlags = ClusterFlags(), lang: Lang = None) -> int:
    """Remove the kind, its rule, the roles and the namespace, unless a run still has objects."""
    from clearway.cli.log import stderr_log
    from clearway.cli.sites import finding_log
    from clearway.site.kubernetes.cleaning import uninstall as uninstalled

    with stderr_log(verbose=True):
        gone = asyncio.run(
            uninstalled(cluster_flags.access, cluster_flags.namespace, finding_log(chosen_language(lang)))
        )
    return 0 if gone else IN_USE
