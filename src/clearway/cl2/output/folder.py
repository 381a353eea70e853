"""The report folder: results, configs and the whole run, each written at once and complete."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from clearway.base.units import Duration
from clearway.cl2.config.methods import Compiled
from clearway.cl2.config.model import ChaosMonkeyConfig, Cl2Config, NamespaceConfig
from clearway.cl2.names import INCOMPLETE, safe, summary_name
from clearway.cl2.outcome import SummaryFile, TestResult
from clearway.cl2.output.junit import junit
from clearway.ledger.disk import write_whole, writing
from clearway.report.wording import Language


def generated_name(config: Cl2Config, identifier: str) -> str:
    """The file's name: the test's, and its scenario's identifier if it has one."""
    return safe("_".join(part for part in ("generatedConfig", config.name, identifier) if part)) + ".yaml"


def generated_text(config: Cl2Config, namespaces: NamespaceConfig) -> str:
    """The whole file, with the namespaces as they will be."""
    filled = config.model_copy(update={"namespace": namespaces})
    return yaml.safe_dump(_written(filled), sort_keys=False, allow_unicode=True, width=120)


def _written(value: Any) -> Any:
    if isinstance(value, ChaosMonkeyConfig):
        # A set of names is written as a mapping of them.
        return {"nodefailure": None, "excludednodes": {node: {} for node in value.excluded_nodes}}
    if isinstance(value, BaseModel):
        return {name.replace("_", ""): _written(inner) for name, inner in value}
    if isinstance(value, Duration):
        return round(value.si * 1e9)
    if isinstance(value, tuple | list):
        return [_written(item) for item in value]
    return {key: _written(inner) for key, inner in value.items()} if isinstance(value, dict) else value


@dataclass(frozen=True)
class ReportFolder:
    """Raises LedgerError, with the path, where something can't be written."""

    path: Path

    def generated(self, compiled: Compiled, namespaces: NamespaceConfig, identifier: str) -> Path:
        text = generated_text(compiled.config, namespaces)
        return self._save(generated_name(compiled.config, identifier), text)

    def summary(self, summary: SummaryFile, test: str, identifier: str, at: float) -> Path:
        """Two files of one name and second get different names.

        An incomplete result is named so, and no dashboard takes it for a complete one.
        """
        name = summary.name if summary.complete else f"{INCOMPLETE}{summary.name}"
        identifiers = chain((identifier,), (f"{identifier}_{number}".strip("_") for number in count(2)))
        names = (summary_name(name, test, one, at, "json") for one in identifiers)
        return self._save(next(one for one in names if not (self.path / one).exists()), as_json(summary.data))

    def junit(self, results: list[TestResult], language: Language) -> Path:
        return self._save("junit.xml", junit(results, language))

    def metadata(self, facts: dict[str, str]) -> Path:
        return self._save("cl2-metadata.json", as_json(facts))

    def _save(self, name: str, text: str) -> Path:
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        return write_whole(self.path / name, text)


def as_json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
