"""`clearway clean`: removes whatever any run left on a cluster."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from clearway.cli.flags import WORKERS, ClusterFlags, Lang, chosen_language


def clean(
    *,
    cluster_flags: ClusterFlags = ClusterFlags(),
    all_namespaces: Annotated[bool, Parameter(group=WORKERS, help="Wherever a run left something.")] = False,
    lang: Lang = None,
) -> int:
    """Remove the objects of runs, running ones too, by label; name the nodes where a worker may still run."""
    from clearway.cli.log import stderr_log
    from clearway.cli.sites import finding_log
    from clearway.report.wording import sentence
    from clearway.site.kubernetes.cleaning import clean as cleaned

    language = chosen_language(lang)
    namespace = None if all_namespaces else cluster_flags.namespace
    with stderr_log(verbose=True):
        count = asyncio.run(cleaned(cluster_flags.access, namespace, finding_log(language)))
    print(sentence("cli.cleaned", {"count": count}, language))
    return 0
