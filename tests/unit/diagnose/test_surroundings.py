"""What was found around the workers when they started is in the report of the run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearway.campaign.conclusion import conclude
from clearway.probe.observations import SITE_FINDING
from clearway.report.text import TextReport
from clearway.report.wording import LANGUAGES
from unit.report.runs import RUNS

POLICY = {"kind": "NetworkPolicy", "directions": ("ingress", "egress"), "namespace": "clearway"}
OTHER = {"found": "sha256:ff", "expected": ("sha256:c0", "sha256:a1")}
PROXY = {"containers": ("istio-proxy",), "count": 1}


@pytest.mark.parametrize(
    ("code", "values", "said"),
    [
        ("kubernetes.policy", POLICY, ("NetworkPolicy", "deny", "ingress, egress")),
        ("kubernetes.added-containers", PROXY, ("istio-proxy",)),
        ("kubernetes.mixed-images", {**OTHER, "node": "node-1"}, ("sha256:ff", "sha256:c0", "node-1")),
        ("kubernetes.image-digest", {"image": "registry.example/worker@sha256:c0"}, ("worker@sha256:c0",)),
        ("kubernetes.other-image", OTHER, ("sha256:ff", "sha256:c0")),
    ],
)
def test_a_finding_of_the_site_is_in_the_report(code: str, values: dict[str, object], said: tuple[str, ...]) -> None:
    seen = SITE_FINDING.seen("deny", 0.0, {"code": code, "severity": "warning", **values})
    record = replace(RUNS["accepted"].record, observations=(seen,))
    for language in LANGUAGES:
        text = TextReport().render(conclude(record, language))
        assert all(word in text for word in said)
