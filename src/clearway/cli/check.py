"""`clearway check`: will a run work on this cluster, and if not, exactly why."""

from __future__ import annotations

import asyncio
import sys

from clearway.base.errors import UsageError
from clearway.cli.cluster import NO_CLUSTER, HowCluster
from clearway.cli.options import Lang, language

NOT_FIT = 3


def check(*, cluster: HowCluster = NO_CLUSTER, lang: Lang = None) -> int:
    """Look at the cluster, start a worker on every node, and say what stands in the way of a run."""
    from clearway.cli.log import stderr_log
    from clearway.cli.sites import finding_log
    from clearway.probe.records import Severity
    from clearway.report.wording import describe_finding, sentence
    from clearway.site.kubernetes.checking import check as checked

    if not cluster.given:
        raise UsageError("cli.no-cluster")
    spoken = language(lang)
    with stderr_log(verbose=False):
        found = asyncio.run(checked(cluster.options(None), finding_log(spoken)))
    for finding in found:
        mark = sentence(f"severity.{finding.severity.value}", {}, spoken)
        print(f"{mark} {describe_finding(finding, spoken)}")
    fit = not any(finding.severity is Severity.ERROR for finding in found)
    print(sentence("cli.fit" if fit else "cli.not-fit", {}, spoken), file=sys.stdout)
    return 0 if fit else NOT_FIT
