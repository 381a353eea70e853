"""`clearway verify`: whether a run directory is whole."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from clearway.base.errors import LedgerError, Reason, UsageError
from clearway.cli.flags import JsonFlag, Lang, RunFolder, chosen_language
from clearway.ledger import files
from clearway.ledger.read import read_run
from clearway.ledger.verdicts import Verdicts
from clearway.report.wording import sentence

NOT_WHOLE = 3


@dataclass(frozen=True)
class _Finding:
    """What was found: the seal that closes a whole run, or why it is not whole."""

    reason: Reason
    run: str | None = None
    seal: str | None = None


def verify(
    folder: RunFolder,
    *,
    seal: Annotated[
        str | None, Parameter(help="Digest of a seal that was noted elsewhere: the run must have it.")
    ] = None,
    json: JsonFlag = False,
    lang: Lang = None,
) -> int:
    """Say in one line whether a run is whole: nothing changed, nothing missing, closed by its seal."""
    language = chosen_language(lang)
    found = _found(folder, seal)
    said = sentence(found.reason.code, found.reason.values, language)
    if json:
        data: dict[str, Any] = {"whole": found.seal is not None, "code": found.reason.code, "sentence": said}
        data |= {name: value for name, value in asdict(found).items() if name != "reason" and value is not None}
        said = json_module.dumps(data, ensure_ascii=False)
    print(said)
    return 0 if found.seal is not None else NOT_WHOLE


def _found(folder: Path, noted: str | None) -> _Finding:
    """Raises UsageError where there is nothing of a run."""
    try:
        record = read_run(folder)
        Verdicts(folder, record.manifest).check()
    except LedgerError as error:
        if not files.parts_of_a_run(folder):
            raise UsageError("verify.no-run", folder=str(folder)) from error
        return _Finding(Reason("verify.damaged", {"error": error.reason}))
    run, whole = record.manifest.run, record.wholeness
    if whole is None:
        return _Finding(Reason("verify.no-digests", {"run": run, "format": files.OLD_FORMAT}), run)
    if noted is not None and noted not in whole.seals:
        return _Finding(Reason("verify.other-seal", {"run": run, "seal": noted}), run)
    if whole.torn:
        return _Finding(Reason("verify.torn", {"run": run, "files": whole.torn}), run)
    if whole.closing is None:
        return _Finding(Reason("verify.not-closed", {"run": run}), run)
    return _Finding(Reason("verify.whole", {"run": run, "seal": whole.closing}), run, whole.closing)
