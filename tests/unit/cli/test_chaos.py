"""What breaks nodes is refused before anything is asked of a cluster, and says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clearway.base.errors import ClearwayError, SiteError, UsageError
from clearway.base.units import Duration
from clearway.campaign.acceptance import Aborted
from clearway.chaos.phases import Phases
from clearway.cli.chaos import prepare
from clearway.cli.main import main
from clearway.diagnose.chaos import failure
from clearway.plan.model import CONTROL_PLANE
from clearway.plan.schedule import make_plan
from clearway.probe.records import Finding, Inventory, Node, Observation, Round, RoundReason, Severity
from clearway.report.wording import LANGUAGES, Language, describe_error, hint, sentence
from clearway.spec.load import read_spec
from unit.report.golden import check

GOLDEN = Path(__file__).parents[2] / "golden" / "chaos"
SPEC = """\
version: 1
chaos: {{fail: {fail}, nodes: {nodes}}}
tests:
- {{name: failing, protocol: tcp, when: failing}}
"""
WRONG = """\
version: 1
{chaos}
tests:
- {{name: first, protocol: tcp, when: recovered}}
"""
CALLS = {
    "on a lab": ("kubelet-and-runtime", ("--lab", "--allow-chaos")),
    "not allowed": ("kubelet-and-runtime", ("--kubeconfig=nowhere",)),
    "on one machine": ("kubelet-and-runtime", ("--kubeconfig=nowhere", "--allow-chaos", "--provider=local")),
    "where nobody logs in": ("link-down", ("--kubeconfig=nowhere", "--allow-chaos", "--provider=autopilot")),
    "what never comes back": ("reboot", ("--kubeconfig=nowhere", "--allow-chaos", "--provider=kind")),
    "unknown provider": ("agent", ("--kubeconfig=nowhere", "--allow-chaos", "--provider=mars")),
    "unknown config": (
        "agent",
        ("--kubeconfig=nowhere", "--allow-chaos", "--provider-configs=SSH_USR=me"),
    ),
}
every_language = pytest.mark.parametrize("language", LANGUAGES)


@every_language
def test_every_refused_call_has_its_message_and_asks_no_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: Language
) -> None:
    """A kubeconfig that is nowhere would end with 3."""
    monkeypatch.chdir(tmp_path)
    texts = []
    for name, (fail, words) in CALLS.items():
        Path("cat.yaml").write_text(SPEC.format(fail=fail, nodes="25 %"), encoding="utf-8")
        argv = ["run", "cat.yaml", f"--lang={language}", "--report-dir=out", *words]
        monkeypatch.setattr("sys.argv", ["clearway", *argv])
        assert main(argv) == 2
        assert not Path("out").exists()
        texts.append(f"{name}:\n{capsys.readouterr().err}")
    check(GOLDEN / f"refused-calls.{language}.txt", "\n".join(texts))


def _refused_specs() -> Iterator[ClearwayError]:
    texts = (
        *(WRONG.format(chaos=chaos) for chaos in ("name: without", "chaos: {}", "chaos: {nodes: 60 %}")),
        *(WRONG.format(chaos=f"chaos: {{{field}}}") for field in ("downtime: 1s", "fail: power", "recovery: 0s")),
    )
    for text in texts:
        with pytest.raises(UsageError) as refused:
            read_spec(text, "cat.yaml")
        yield refused.value


def _refused_plans() -> Iterator[ClearwayError]:
    nodes = tuple(Node(f"node-{n}", facts={CONTROL_PLANE: "yes"} if n < 4 else {}) for n in range(1, 6))
    for share in ("10 %", "50 %"):
        with pytest.raises(UsageError) as refused:
            make_plan(
                read_spec(
                    SPEC.format(fail="agent", nodes=share)
                    + "- {name: a, protocol: tcp}\n"
                    + "- {name: b, protocol: tcp, when: failing}\n"
                ),
                Inventory("kubernetes", nodes),
            )
        yield refused.value


@every_language
def test_every_spec_that_can_not_be_has_its_message(language: Language) -> None:
    texts = [describe_error(error, language) for error in (*_refused_specs(), *_refused_plans())]
    check(GOLDEN / f"refused-specs.{language}.txt", "\n\n".join(texts) + "\n")


FAILURES = (
    {"code": "chaos.not-armed", "why": "sudo: a password is required"},
    {"code": "chaos.not-broken", "kind": "link-down", "why": "no nft"},
    {"code": "chaos.not-seen-broken", "kind": "agent", "within": Duration(150)},
    {"code": "chaos.not-back", "within": Duration(60)},
)


@every_language
def test_everything_that_goes_wrong_on_a_node_has_its_message(language: Language) -> None:
    seen = [Observation("chaos-failed", "node-2", 0.0, values) for values in FAILURES]
    found = [finding for one in seen for finding in failure(one)]
    sick = Finding("chaos.others-not-ready", Severity.ERROR, "", {"nodes": ("node-3", "node-4"), "count": 2})
    texts = []
    for finding in (*found, sick):
        values = {"subject": finding.subject, **finding.values}
        texts.append(f"{sentence(finding.code, values, language)}\n  {hint(finding.code, values, language)}")
    check(GOLDEN / f"failures.{language}.txt", "\n\n".join(texts) + "\n")
    assert list(failure(Observation("chaos-back", "node-2", 0.0, {}))) == []


async def test_nodes_that_do_not_get_into_the_state_of_a_round_end_the_run() -> None:
    class Stuck(Phases):
        def __init__(self) -> None:
            self.asked: list[str] = []

        async def before(self, round_: Round) -> None:
            self.asked.append(round_.id)
            raise SiteError("chaos.not-back", node="node-1", within=Duration(60))

    stuck = Stuck()
    with pytest.raises(Aborted) as stopped:
        await prepare(stuck, Round("a", "failing", (), RoundReason.PLANNED))
    assert (stopped.value.code, stopped.value.values["node"], stuck.asked) == ("chaos.not-back", "node-1", ["a"])
