"""The provider table, through what its rows change: roads, refusals and explanations, each in its own words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from clearway.base.errors import ClearwayError, UsageError
from clearway.cl2.config.load import Compiler
from clearway.cl2.measurements.table import MEASUREMENTS
from clearway.cl2.templates import Templates
from clearway.report.explain import explain_provider
from clearway.report.wording import LANGUAGES, Language, describe_error
from clearway.shell.node_access import CONFIGS, node_access
from clearway.shell.providers import ALIASES, PROVIDERS, AddressType, Feature, Provider, Route, missing, provider_named
from clearway.shell.ssh import HostKeys, SshTransport
from clearway.shell.transports import DockerTransport, GcloudTransport, Machine, transport_to
from unit.report.golden import ROOT, check

GOLDEN = ROOT / "tests" / "golden" / "providers"
NODES = (
    Machine("a", (("InternalIP", "10.0.0.1"), ("ExternalIP", "203.0.113.1"), ("Hostname", "a.example")), "zone-1"),
    Machine("b", (("InternalIP", "10.0.0.2"), ("InternalIP", "2001:db8::2")), "zone-2"),
    Machine("c"),
)
CHAOS = """\
name: chaos
chaosMonkey:
  nodeFailure: {failureRate: 0.1, interval: 1m, simulatedDowntime: 30s}
steps:
- name: break some
  measurements:
  - {identifier: m, method: ChaosMonkey, params: {action: start}}
"""
every_language = pytest.mark.parametrize("language", LANGUAGES)


def target(name: str, node: str, *configs: str, **environ: str) -> tuple[str, ...]:
    road = transport_to(NODES, node_access(provider_named(name), configs, environ))
    return road.command(node, ("true",))


def test_the_names_are_those_that_clusterloader2_knows_and_on_premises() -> None:
    theirs = {"aks", "autopilot", "aws", "eks", "gce", "gke", "gkekubemark", "kcp", "kind", "ks", "kubemark", "local"}
    assert set(PROVIDERS) == theirs | {"skeleton", "vsphere"}
    assert provider_named("on-premises") is provider_named("skeleton")


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda row: row.name)
def test_a_row_either_has_a_way_to_its_nodes_or_says_why_not(provider: Provider) -> None:
    assert (provider.route is not None) == (Feature.COMMANDS in provider.features) == (not provider.without)
    if provider.route is None:
        with pytest.raises(UsageError) as caught:
            transport_to(NODES[:1], node_access(provider, (), {}))
        assert caught.value.code == provider.without
    else:
        assert transport_to(NODES[:1], node_access(provider, (), {})).command("a", ("true",))


@pytest.mark.parametrize(
    ("name", "address"),
    [("skeleton", "10.0.0.1"), ("vsphere", "10.0.0.1"), ("aws", "203.0.113.1"), ("aks", "203.0.113.1")],
)
def test_a_provider_says_which_address_of_a_node_is_taken(name: str, address: str) -> None:
    assert target(name, "a")[-2] == address


def test_the_first_address_of_a_type_is_taken_and_the_next_type_where_there_is_none() -> None:
    assert target("aws", "b")[-2] == "10.0.0.2"
    assert target("skeleton", "a", "NODE_ADDRESS=Hostname")[-2] == "a.example"


def test_a_node_without_an_address_is_reported_when_a_command_is_for_it() -> None:
    obstacle = transport_to(NODES, node_access(provider_named("skeleton"), (), {})).obstacle("c")
    assert obstacle is not None
    assert obstacle.code == "shell.unknown-node"


def test_the_key_over_all_comes_before_the_providers_own_and_a_config_before_both(tmp_path: Path) -> None:
    for name in ("all", "own", "said"):
        (tmp_path / name).touch()
    environ = {"AWS_SSH_KEY": str(tmp_path / "own"), "GCE_SSH_KEY": str(tmp_path / "other"), "HOME": str(tmp_path)}
    aws = provider_named("aws")
    assert node_access(aws, (), environ).login.key == tmp_path / "own"
    assert node_access(aws, (), {**environ, "KUBE_SSH_KEY_PATH": str(tmp_path / "all")}).login.key == tmp_path / "all"
    assert node_access(aws, (f"SSH_KEY={tmp_path / 'said'}",), environ).login.key == tmp_path / "said"


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("local", "LOCAL_SSH_KEY"),
        ("skeleton", "KUBE_SSH_KEY"),
        ("gce", "GCE_SSH_KEY"),
        ("gke", "GCE_SSH_PRIVATE_KEY_FILE"),
        ("aws", "AWS_SSH_KEY"),
        ("eks", "AWS_SSH_KEY"),
        ("aks", "AZURE_SSH_KEY"),
        ("vsphere", "KUBE_SSH_KEY"),
    ],
)
def test_a_bare_name_in_a_providers_variable_is_a_file_among_the_users_keys(name: str, variable: str) -> None:
    environ = {variable: "special", "HOME": "/nobody"}
    assert node_access(provider_named(name), (), environ).login.key == Path("/nobody/.ssh/special")


def test_a_vendors_own_key_file_is_used_only_where_it_is(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert node_access(provider_named("eks"), (), environ).login.key is None
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "kube_aws_rsa").touch()
    assert node_access(provider_named("eks"), (), environ).login.key == tmp_path / ".ssh" / "kube_aws_rsa"


def test_user_and_bastion_come_from_the_environment_before_the_row() -> None:
    said = node_access(provider_named("eks"), (), {"KUBE_SSH_USER": "me", "KUBE_SSH_BASTION": "hop:2200"})
    assert (said.login.user, said.login.bastion) == ("me", "hop:2200")
    assert node_access(provider_named("eks"), (), {}).login.user == "ec2-user"


def test_every_config_changes_what_it_names() -> None:
    values = {
        "SSH_USER": "u",
        "SSH_KEY": "/k",
        "SSH_PORT": "2222",
        "SSH_BASTION": "hop",
        "SSH_KNOWN_HOSTS": "/h",
        "SSH_HOST_KEYS": "accept-new",
        "NODE_ROUTE": "docker",
        "NODE_ADDRESS": "Hostname",
        "GCE_PROJECT": "p",
        "STOP_KUBELET": "rc-service kubelet stop",
        "START_KUBELET": "rc-service kubelet start",
        "STOP_RUNTIME": "systemctl stop crio",
        "START_RUNTIME": "systemctl start crio",
    }
    assert values.keys() == CONFIGS.keys()
    plain = node_access(provider_named("skeleton"), (), {})
    for name, value in values.items():
        assert node_access(provider_named("skeleton"), (f"{name}={value}",), {}) != plain, name
    made = node_access(provider_named("skeleton"), ("STOP_KUBELET=rc-service 'my kubelet' stop",), {})
    assert made.services.stop_kubelet == ("rc-service", "my kubelet", "stop")
    assert made.services.start_kubelet == plain.services.start_kubelet


def test_what_is_said_of_ssh_is_said_to_ssh(tmp_path: Path) -> None:
    key = tmp_path / "key of mine"
    key.touch()
    configs = (f"SSH_KEY={key}", "SSH_USER=u", "SSH_PORT=2222", "SSH_BASTION=hop", "SSH_HOST_KEYS=accept-new")
    argv = target("skeleton", "a", *configs)
    wanted = {f'IdentityFile="{key}"', "User=u", "Port=2222", "ProxyJump=hop", "StrictHostKeyChecking=accept-new"}
    assert wanted <= set(argv)
    assert "StrictHostKeyChecking=yes" in target("skeleton", "a")


def test_the_root_cluster_of_hollow_nodes_is_accepted_and_reported_as_without_effect() -> None:
    said = node_access(provider_named("kubemark"), ("ROOT_KUBECONFIG=/root.yaml",), {})
    assert said.without_effect == ("ROOT_KUBECONFIG",)


def test_gcloud_is_asked_by_zone_and_with_the_hosts_keys_as_strict_as_ssh() -> None:
    argv = target("gce", "b", "GCE_PROJECT=p", KUBE_SSH_USER="u")
    assert argv[:4] == ("gcloud", "compute", "ssh", "u@b")
    assert {"--zone=zone-2", "--project=p", "--strict-host-key-checking=yes", "--command=true"} <= set(argv)
    obstacle = transport_to(NODES, node_access(provider_named("gce"), (), {})).obstacle("c")
    assert obstacle is not None
    assert obstacle.code == "shell.no-zone"


def test_a_route_said_by_hand_is_the_one_that_is_taken() -> None:
    made = {
        route: transport_to(NODES, node_access(provider_named("gke"), (f"NODE_ROUTE={route}",), {})) for route in Route
    }
    kinds = {Route.SSH: SshTransport, Route.GCLOUD: GcloudTransport, Route.DOCKER: DockerTransport}
    assert {route: type(road) for route, road in made.items()} == kinds


def test_a_container_is_its_node_and_no_quoting_is_needed() -> None:
    assert target("kind", "a") == ("docker", "exec", "--interactive", "a", "true")


def test_local_reaches_this_machine_and_refuses_several() -> None:
    alone = transport_to(NODES[:1], node_access(provider_named("local"), (), {}))
    assert alone.command("a", ("true",))[-2] == "127.0.0.1"
    with pytest.raises(UsageError) as caught:
        target("local", "a")
    assert caught.value.code == "provider.one-machine"


def test_hosts_keys_are_strict_unless_said_otherwise() -> None:
    assert node_access(provider_named("skeleton"), (), {}).login.host_keys is HostKeys.STRICT


def refusals() -> Iterable[ClearwayError]:
    """Every combination of provider and feature that is refused, and everything else that is."""
    for provider in PROVIDERS.values():
        for feature in Feature:
            if (reason := missing(provider, feature)) is not None:
                yield UsageError(reason.code, **reason.values, step="step", method=f"({feature})")
    for feature in Feature:
        lacking = missing(None, feature)
        assert lacking is not None
        yield UsageError(lacking.code, **lacking.values, method=f"({feature})")
    for name, configs, nodes in (
        ("", (), 1),
        ("mars", (), 1),
        ("local", (), 3),
        ("skeleton", ("SSH_KEY=/nowhere/key",), 1),
        ("skeleton", ("SSH_USR=me",), 1),
        ("skeleton", ("alone",), 1),
        ("skeleton", ("SSH_PORT=many",), 1),
        ("skeleton", ("SSH_HOST_KEYS=no",), 1),
        ("skeleton", ("NODE_ADDRESS=Loop",), 1),
        ("skeleton", ("STOP_KUBELET='",), 1),
        *((row.name, (), 1) for row in PROVIDERS.values() if row.route is None),
    ):
        with pytest.raises(UsageError) as caught:
            transport_to(NODES[:nodes], node_access(provider_named(name), configs, {}))
        yield caught.value


@every_language
def test_every_refusal_has_its_message(language: Language) -> None:
    texts = list(dict.fromkeys(describe_error(error, language) for error in refusals()))
    check(GOLDEN / f"refusals.{language}.txt", "\n\n".join(texts) + "\n")


@every_language
def test_a_config_that_breaks_nodes_is_refused_at_its_place_where_the_provider_cannot(
    tmp_path: Path, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = Path("chaos.yaml")
    config.write_text(CHAOS, encoding="utf-8")
    texts = []
    lacking = [row for row in PROVIDERS.values() if Feature.NODE_KILLER not in row.features]
    for provider in (None, *lacking):
        with pytest.raises(UsageError) as caught:
            Compiler(Templates(Path()), MEASUREMENTS, {}, lambda: 3, provider=provider).compile(config)
        texts.append(describe_error(caught.value, language))
    check(GOLDEN / f"chaos.{language}.txt", "\n\n".join(texts) + "\n")


@every_language
def test_every_provider_is_explained(language: Language) -> None:
    texts = [explain_provider(name, language) for name in ("", *PROVIDERS)]
    check(GOLDEN / f"explained.{language}.txt", "\n\n".join(texts) + "\n")
    assert all(name in texts[0] for name in (*PROVIDERS, *ALIASES))


def test_the_explanation_of_local_says_that_several_machines_cannot_be_reached() -> None:
    assert "several machines cannot be reached" in explain_provider("local", "en")
    assert "kubeconfig" in explain_provider("on-premises", "en")


def test_every_type_of_address_can_be_asked_for() -> None:
    for kind in AddressType:
        assert node_access(provider_named("skeleton"), (f"NODE_ADDRESS={kind}",), {}).addresses == (kind,)
