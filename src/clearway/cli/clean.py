"""`clearway clean`: removes whatever any run left on a cluster."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from clearway.base.errors import UsageError
from clearway.cli.cluster import NO_CLUSTER_FLAGS, WhichCluster
from clearway.cli.options import Lang, language


def clean(
    *,
    cluster: WhichCluster = NO_CLUSTER_FLAGS,
    all_namespaces: Annotated[bool, Parameter(negative="", help="Wherever a run left something.")] = False,
    lang: Lang = None,
) -> int:
    """Remove the objects of runs, running ones too, by label; name the nodes where a worker may still run."""
    from clearway.cli.log import stderr_log
    from clearway.cli.sites import finding_log
    from clearway.report.wording import sentence
    from clearway.site.kubernetes.cleaning import clean as cleaned

    if not cluster.given:
        raise UsageError("cli.no-cluster")
    spoken = language(lang)
    namespace = None if all_namespaces else cluster.namespace
    with stderr_log(verbose=True):
        count = asyncio.run(cleaned(cluster.access, namespace, finding_log(spoken)))
    print(sentence("cli.cleaned", {"count": count}, spoken))
    return 0
