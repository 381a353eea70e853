"""`clearway check`: will a run work on this cluster, and if not, exactly why."""

from __future__ import annotations

import asyncio
import sys

from clearway.base.errors import UsageError
from clearway.cli.cluster import NO_CLUSTER, HowCluster
from clearway.cli.options import Lang, language
from clearway.cli.provider import NO_PROVIDER, HowNodes

NOT_FIT = 3


def check(*, cluster: HowCluster = NO_CLUSTER, nodes: HowNodes = NO_PROVIDER, lang: Lang = None) -> int:
    """Look at the cluster, start a worker on every node, and say what stands in the way of a run.

    With a provider, also run a command on every node.
    """
    from clearway.cli.log import stderr_log
    from clearway.cli.sites import finding_log
    from clearway.probe.records import Severity
    from clearway.report.wording import describe_finding, sentence
    from clearway.site.kubernetes.checking import check as checked
    from clearway.site.kubernetes.reaching import tried

    if not cluster.given:
        raise UsageError("cli.no-cluster")
    spoken, reach = language(lang), nodes.reach()
    with stderr_log(verbose=False):
        log = finding_log(spoken)
        found = asyncio.run(checked(cluster.options(None), log))
        if reach is not None:
            found += asyncio.run(tried(cluster.options(None), reach, log))
    for finding in found:
        mark = sentence(f"severity.{finding.severity.value}", {}, spoken)
        print(f"{mark} {describe_finding(finding, spoken)}")
    fit = not any(finding.severity is Severity.ERROR for finding in found)
    print(sentence("cli.fit" if fit else "cli.not-fit", {}, spoken), file=sys.stdout)
    return 0 if fit else NOT_FIT
