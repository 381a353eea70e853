"""`clearway revive`: puts back the nodes that a run broke on purpose and could not put back itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from clearway.base.units import Duration
from clearway.cli.flags import Lang, ProviderFlags, RunFolder, chosen_language
from clearway.probe.records import Finding
from clearway.shell.node_access import NodeAccess

_RECOVERY = Duration(60)
"""How long the cluster may take to report a node as ready again: a kubelet needs 10 to 40 s after its start."""


def revive(folder: RunFolder, *, provider_flags: ProviderFlags = ProviderFlags(), lang: Lang = None) -> int:
    """Put back every node that is open in the run's journal, and wait until it is ready; safe at any time."""
    from clearway.cli.log import stderr_log
    from clearway.cli.sites import recorded_site
    from clearway.report.wording import sentence

    language = chosen_language(lang)
    selected = recorded_site(folder, ProviderFlags(), language)
    with stderr_log(verbose=True):
        open_, whole = asyncio.run(_revived(folder, provider_flags.node_access, selected.log))
    code = "chaos.revived" if open_ else "chaos.nothing-open"
    if whole:
        print(sentence(code, {"nodes": open_, "count": len(open_)}, language))
    return 0 if whole else 3


async def _revived(
    folder: Path, node_access: NodeAccess, log: Callable[[Finding], None]
) -> tuple[tuple[str, ...], bool]:
    """The nodes that were open, and whether all of them are back; those that are not are logged."""
    from clearway.chaos.journal import Journal
    from clearway.chaos.killer import NodeKiller
    from clearway.cli.chaos import NodeBreaker
    from clearway.cli.sites import recorded_cluster
    from clearway.diagnose.chaos import failure
    from clearway.ledger.write import Appended, Ledger

    entries = Journal(folder).open()
    if not entries:
        return (), True

    def log_failure(item: Appended) -> None:
        for found in failure(item):
            log(found)

    ledger = Ledger.reopen(folder, [log_failure])
    tools = await NodeBreaker(recorded_cluster(folder), node_access, set(), log).tools(folder)
    killer = NodeKiller(tools, ledger.append)
    killer.adopt(entries, _RECOVERY)
    try:
        whole = await killer.restore()
    finally:
        await tools.shell.close()
    return tuple(entry.node for entry in entries), whole
