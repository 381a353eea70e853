"""`clearway revive`: puts back the nodes that a run broke on purpose and could not put back itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from clearway.base.errors import LedgerError
from clearway.base.units import Duration
from clearway.chaos.journal import Journal, JournalEntry
from clearway.chaos.killer import NodeKiller
from clearway.cli.chaos import NodeBreaker
from clearway.cli.flags import Lang, ProviderFlags, RunFolder, chosen_language
from clearway.cli.log import stderr_log
from clearway.cli.sites import SelectedSite, recorded_cluster, recorded_site
from clearway.diagnose.chaos import failure
from clearway.ledger.lock import held
from clearway.ledger.read import read_run
from clearway.ledger.write import Appended, Ledger, Listener
from clearway.report.wording import sentence

_RECOVERY = Duration(60)
"""How long the cluster may take to report a node as ready again: a kubelet needs 10 to 40 s after its start."""

NOT_BACK = 3
"""Exit code where a node is not back: the site would not let us."""


def revive(folder: RunFolder, *, provider_flags: ProviderFlags = ProviderFlags(), lang: Lang = None) -> int:
    """Put back every node that is open in the run's journal, and wait until it is ready; safe at any time."""
    language = chosen_language(lang)
    selected = recorded_site(folder, provider_flags, language)
    entries = Journal(folder).open()
    with stderr_log(verbose=True), held(folder):
        if entries and not asyncio.run(_restored(entries, folder, selected)):
            return NOT_BACK
    nodes = tuple(entry.node for entry in entries)
    code = "chaos.revived" if nodes else "chaos.nothing-open"
    print(sentence(code, {"nodes": nodes, "count": len(nodes)}, language))
    return 0


async def _restored(entries: Sequence[JournalEntry], folder: Path, selected: SelectedSite) -> bool:
    """Whether all of the nodes are back; those that are not are logged."""

    def log_failure(item: Appended) -> None:
        for found in failure(item):
            selected.log(found)

    node_access = selected.provider_flags.node_access
    tools = await NodeBreaker(recorded_cluster(folder), node_access, set(), selected.log).tools(folder)
    with _observing(folder, log_failure) as observe:
        killer = NodeKiller(tools, observe)
        killer.adopt(entries, _RECOVERY)
        try:
            return await killer.restore()
        finally:
            await tools.shell.close()


@contextmanager
def _observing(folder: Path, log_failure: Listener) -> Iterator[Listener]:
    """What takes observations into the run's record. One that is damaged keeps no node from coming back."""
    try:
        ledger = Ledger.reopen(folder, read_run(folder), [log_failure])
    except LedgerError:
        yield log_failure
        return
    with ledger.lines.closing():
        yield ledger.append
