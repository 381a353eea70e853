"""Configs: read as ClusterLoader2 reads them, and refused with every reason at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from clearway.base.units import Duration
from clearway.cl2.config.load import CommandLineChanges
from clearway.cl2.config.methods import REFUSED
from clearway.cl2.config.model import NamespaceConfig
from clearway.cl2.measurements.table import MEASUREMENTS
from clearway.cl2.measurements.timing import SleepParameters
from clearway.cl2.output.folder import generated_name, generated_text
from clearway.spec.problems import SpecError
from unit.cl2.configs import NETWORK, SLEEPS, compiled, problems, told

MODULE = "name: outer\nsteps:\n- name: m\n  module: {path: inner.yaml, params: {how: 3s}}\n"
NOT_MEASURED = "criterion.not-measured"
INNER = "steps:\n- name: inside\n  measurements:\n  - {identifier: c, method: Sleep, params: {duration: '{{.how}}'}}\n"


def test_the_case_of_keys_does_not_matter(tmp_path: Path) -> None:
    steps = compiled(tmp_path, NETWORK).steps
    assert [(call.method, call.identifier, call.action) for step in steps for call in step.calls] == [
        ("NetworkPerformanceMetrics", "net", "start"),
        ("NetworkPerformanceMetrics", "net", "gather"),
    ]


def test_one_key_in_two_spellings_is_there_twice(tmp_path: Path) -> None:
    assert told(tmp_path, f"{SLEEPS}NAME: again\n") == [("yaml.duplicate-key", 9)]


def test_a_key_with_nothing_after_it_counts_as_left_out(tmp_path: Path) -> None:
    assert compiled(tmp_path, f"{SLEEPS}tuningSets:\nnamespace:\n").config.namespace == NamespaceConfig()


@pytest.mark.parametrize(
    "wrong",
    [
        "namespace: {number: 1000000000}",
        "namespace: {number: 1e400}",
        f"namespace: {{number: {'9' * 4400}}}",
        f"automanagedNamespaces: {'9' * 400}",
        f"namespace: {{deleteNamespaceTimeout: {'9' * 30}m}}",
        "chaosMonkey: {nodeFailure: {failureRate: 0.1, interval: 5m, jitterFactor: 1e400}}",
        "tuningSets: [{name: a, qpsLoad: {qps: .inf}}]",
    ],
    ids=lambda text: text[:40],
)
def test_a_number_without_bound_is_refused_at_its_place(wrong: str, tmp_path: Path) -> None:
    assert 9 in {line for _, line in told(tmp_path, f"{SLEEPS}{wrong}\n")}


@pytest.mark.parametrize(
    "number", ["1e400", "9" * 4400, "-1e400", "\u0663", "0x" + "f" * 500], ids=lambda text: text[:9]
)
def test_a_parameter_without_bound_is_refused_at_its_place(number: str, tmp_path: Path) -> None:
    text = NETWORK.replace("numberOfServers: 1", f"numberOfServers: {number}")
    assert 7 in {line for _, line in told(tmp_path, text)}


def test_instances_are_calls_of_their_own_with_their_own_params_first(tmp_path: Path) -> None:
    text = """\
name: several
steps:
- measurements:
  - method: Sleep
    params: {duration: 1s}
    instances:
    - {identifier: short}
    - {identifier: long, params: {duration: 2s}}
"""
    (step,) = compiled(tmp_path, text).steps
    assert [call.identifier for call in step.calls] == ["short", "long"]
    assert [call.params for call in step.calls] == [
        SleepParameters(duration=Duration(1)),
        SleepParameters(duration=Duration(2)),
    ]


def test_a_modules_steps_take_its_place_with_its_params(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    (step,) = compiled(tmp_path, MODULE).steps
    assert (step.name, step.calls[0].params) == ("inside", SleepParameters(duration=Duration(3)))


def test_a_module_that_contains_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text("steps:\n- module: {path: inner.yaml}\n")
    (problem,) = problems(tmp_path, MODULE)
    assert (problem.code, str(problem.place)) == ("door.module-in-itself", f"{tmp_path}/inner.yaml:2:18")


@pytest.mark.parametrize(("path", "code"), [("../up.yaml", "door.outside-tree"), ("no.yaml", "door.module-missing")])
def test_a_module_is_a_file_below_the_config(tmp_path: Path, path: str, code: str) -> None:
    assert told(tmp_path, MODULE.replace("inner.yaml", path)) == [(code, 4)]


def test_templates_get_the_number_of_nodes_only_where_they_ask(tmp_path: Path) -> None:
    def refuse() -> int:
        raise AssertionError

    assert compiled(tmp_path, SLEEPS).steps
    text = SLEEPS.replace("1s", "{{.Nodes}}s")
    assert compiled(tmp_path, text, nodes=7).steps[0].calls[0].params == SleepParameters(duration=Duration(7))


def test_skipped_steps_are_left_out_even_if_they_are_wrong(tmp_path: Path) -> None:
    text = f"{SLEEPS}- name: load\n  phases: [{{}}]\n"
    assert told(tmp_path, text) == [("door.no-phases", 10)]
    steps = compiled(tmp_path, text, CommandLineChanges(skip=("load", "first"))).steps
    assert [step.name for step in steps] == ["second"]


def test_values_are_overwritten_by_their_go_names(tmp_path: Path) -> None:
    changes = CommandLineChanges(overwrite=("Namespace.Prefix=mine", "Namespace.Number=3", "Name=other"))
    config = compiled(tmp_path, SLEEPS, changes).config
    assert (config.name, config.namespace.prefix, config.namespace.number) == ("other", "mine", 3)


@pytest.mark.parametrize(
    ("overwrite", "code"),
    [
        ("Namespace.Prefx=a", "spec.unknown-key"),
        ("Name", "set.no-equals"),
        ("Namespace.Number=x", "spec.not-a-whole-number"),
    ],
)
def test_an_overwrite_that_means_nothing_is_refused(tmp_path: Path, overwrite: str, code: str) -> None:
    (problem,) = problems(tmp_path, SLEEPS, CommandLineChanges(overwrite=(overwrite,)))
    assert (problem.code, problem.place.source.partition(" ")[0]) == (code, "--overwrite-test-config")


def test_all_that_is_wrong_is_reported_at_once_with_its_place(tmp_path: Path) -> None:
    text = """\
name: bad
namspace: {number: 1}
tuningSets: [{name: x, qpsLoad: {qps: 1}}]
steps:
- measurements:
  - {identifier: a, method: Sleeep, params: {duration: 1s}}
  - {identifier: b, method: Sleep, params: {duration: soon}}
  - {method: Sleep, params: {duration: 1s}}
- phases: [{objectBundle: [{basename: o, objectTemplatePath: o.yaml}]}]
  measurements: [{identifier: c, method: EtcdMetrics}]
- name: nothing
"""
    assert told(tmp_path, text) == [
        ("spec.unknown-key", 2),
        ("door.no-tuning-sets", 3),
        ("door.unknown-method", 6),
        ("unit.not-a-duration", 7),
        ("door.identifier-or-instances", 8),
        ("door.step-of-two-kinds", 9),
        ("door.no-phases", 9),
        ("door.needs-control-plane", 10),
        ("door.empty-step", 11),
    ]


def test_a_slip_of_the_pen_is_met_with_what_was_meant(tmp_path: Path) -> None:
    by_code = {problem.code: problem for problem in problems(tmp_path, f"{SLEEPS.replace('Sleep,', 'Slep,')}nmae: x\n")}
    assert by_code["door.unknown-method"].suggestion == "Sleep"
    assert by_code["spec.unknown-key"].suggestion == "name"


@pytest.mark.parametrize("method", sorted(REFUSED))
def test_a_method_that_is_not_ours_is_refused_by_its_name(tmp_path: Path, method: str) -> None:
    assert method not in MEASUREMENTS
    assert [code for code, _ in told(tmp_path, SLEEPS.replace("Sleep", method))] == [REFUSED[method]] * 2


TCP = "action: start, protocol: TCP"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ("action: start, protocol: SCTP, duration: 1s, numberOfServers: 1, numberOfClients: 1", "spec.not-one-of"),
        (f"{TCP}, duration: 1s, numberOfServers: 2, numberOfClients: 3", "door.no-ratio"),
        (f"{TCP}, duration: 1s, numberOfServers: 0, numberOfClients: 1", "spec.too-small"),
        (f"{TCP}, duration: 1s, numberOfServers: 1, numberOfClients: 1000000000", "spec.too-big"),
        (f"{TCP}, duration: 1s, numberOfServers: 1.5, numberOfClients: 1", "spec.not-a-whole-number"),
        (f"{TCP}, duration: 1s, numberOfServers: 1", "spec.missing-key"),
        (f"{TCP}, duration: 0s, numberOfServers: 1, numberOfClients: 1", "spec.too-small"),
        (f"{TCP}, duration: 1s, numberOfServers: 1, numberOfClients: 1, thresholds: [loss <= 1 %]", NOT_MEASURED),
        ("action: begin", "door.unknown-action"),
        ("", "door.action-missing"),
        ("action: gather", "door.not-begun"),
    ],
)
def test_a_network_tests_params_are_checked_before_anything_is_created(tmp_path: Path, params: str, code: str) -> None:
    call = f"identifier: n, method: NetworkPerformanceMetrics, params: {{{params}}}"
    assert told(tmp_path, f"name: n\nsteps:\n- measurements:\n  - {{{call}}}\n") == [(code, 4)]


def test_a_variable_that_is_not_set_is_reported_as_such(tmp_path: Path) -> None:
    assert told(tmp_path, SLEEPS.replace("1s", "<no value>")) == [("door.no-value", 5)]


def test_the_generated_config_reads_back_to_the_same_test(tmp_path: Path) -> None:
    test = compiled(tmp_path, NETWORK)
    namespaces = NamespaceConfig(number=1, prefix="test-abc", delete_stale_namespaces=False)
    text = generated_text(test.config, namespaces)
    assert yaml.safe_load(text)["namespace"]["deletenamespacetimeout"] == 600_000_000_000
    back = compiled(tmp_path, text.replace("600000000000", "10m"))
    assert [step.calls[0].params for step in back.steps] == [step.calls[0].params for step in test.steps]
    assert generated_name(test.config, "tcp-1:1") == "generatedConfig_network_tcp-1-1.yaml"


def test_a_file_that_is_no_yaml_is_one_error_with_its_place(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "name: [\n")
    assert (problem.code, problem.values["line"]) == ("template.not-yaml", 2)
    with pytest.raises(SpecError):
        compiled(tmp_path, "")
