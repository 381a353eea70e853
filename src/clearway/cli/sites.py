"""Which site a command means."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clearway.base.errors import LedgerError, UsageError
from clearway.cli.log import LOGGER
from clearway.probe.records import Finding, Severity
from clearway.report.language import Language
from clearway.report.wording import sentence
from clearway.site.base import Site
from clearway.site.lab.model import BUILT_IN, LabSpec, dump_lab, load_lab
from clearway.site.lab.site import LabSite

LAB_FILE = "lab.yaml"
"""The lab that a run was made on, in its run directory."""

_LEVELS = {Severity.INFO: logging.INFO, Severity.WARNING: logging.WARNING, Severity.ERROR: logging.ERROR}


@dataclass(frozen=True)
class Place:
    """A site, and what the run directory keeps to find it again."""

    site: Site
    file_name: str
    file_text: str


def wanted_site(*, lab: bool, lab_file: Path | None, language: Language) -> Place:
    """The site that the flags name. Raises UsageError if they name none."""
    if not lab and lab_file is None:
        raise UsageError("cli.no-site")
    return _lab(load_lab(lab_file) if lab_file is not None else BUILT_IN, language)


def recorded_site(folder: Path, language: Language) -> Place:
    """The site that a run directory was made on. Raises LedgerError if it doesn't say."""
    path = folder / LAB_FILE
    if not path.exists():
        raise LedgerError("ledger.no-run", folder=str(folder))
    return _lab(load_lab(path), language)


def _lab(lab: LabSpec, language: Language) -> Place:
    return Place(LabSite(lab, log=_logger(language)), LAB_FILE, dump_lab(lab))


def _logger(language: Language) -> Callable[[Finding], None]:
    def log(finding: Finding) -> None:
        LOGGER.log(_LEVELS[finding.severity], "%s", sentence(finding.code, finding.values, language))

    return log
