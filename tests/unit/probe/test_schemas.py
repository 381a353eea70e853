"""What is written and sent keeps its form: schemas as they were published.

`UPDATE_GOLDEN=1` writes them anew; a reader of older files still has to understand what changed. The report's schema
and the tables of result-format.md are held by tests of their own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from clearway.ledger.files import Manifest
from clearway.probe import records
from clearway.probe.clusterloader2 import NETWORK_TEST_SPEC, NETWORK_TEST_STATUS
from clearway.probe.codec import of
from clearway.site.kubernetes.options import KubernetesOptions
from clearway.site.kubernetes.schema import mailbox_schema
from clearway.worker.host import HostConfig, Survey

PUBLISHED = Path(__file__).parents[2] / "golden" / "schemas.json"
RECORDS = (
    Manifest,
    records.Inventory,
    records.Round,
    records.Result,
    records.Worker,
    records.Observation,
    records.Request,
    records.Finding,
    HostConfig,
    Survey,
    KubernetesOptions,
)
SCHEMAS: Mapping[str, Callable[[], Any]] = {
    **{kind.__name__: of(kind).schema for kind in RECORDS},
    "NetworkTestSpec": NETWORK_TEST_SPEC.schema,
    "NetworkTestStatus": NETWORK_TEST_STATUS.schema,
    "mailbox": mailbox_schema,
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_the_published_one(name: str) -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    if os.environ.get("UPDATE_GOLDEN"):
        published[name] = SCHEMAS[name]()
        rows = (f'"{kind}": {json.dumps(schema)}' for kind, schema in published.items())
        PUBLISHED.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    assert json.dumps(SCHEMAS[name](), indent=1) == json.dumps(published[name], indent=1)


def test_every_published_schema_is_compared() -> None:
    assert set(json.loads(PUBLISHED.read_text(encoding="utf-8"))) == set(SCHEMAS)
