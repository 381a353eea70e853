"""What `clearway triage` measures between two nodes: a spec of existing tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources

from clearway.spec.load import SpecSource, spec_of
from clearway.spec.model import Spec

_FILE = "triage.yaml"


def triage_spec(nodes: Sequence[str], sets: Sequence[str] = ()) -> Spec:
    """Of these nodes, with fields changed as `--set` does. Raises SpecError."""
    text = resources.files("clearway.spec").joinpath(_FILE).read_text("utf-8")
    return spec_of(SpecSource(text, _FILE), (*sets, f"nodes={json.dumps(list(nodes))}"))
