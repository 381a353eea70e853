"""What a hosts file means, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.base.units import Rate
from clearway.report.wording import describe_error
from clearway.shell.ssh import HostKeys, SshHost, SshLogin
from clearway.site.hosts.model import Host, HostsSpec, dump_hosts, load_hosts
from clearway.site.hosts.site import ssh_transport
from clearway.spec.problems import SpecError

GOOD = """\
version: 1
host-keys: accept-new
known-hosts: known
defaults: {user: ops, port: 2222, key: keys/id, zone: rack-1, link: 10 Gbit/s}
hosts:
  - {name: node-1, address: 192.0.2.11}
  - {name: node-2, address: node-2.example.com, user: root, port: 22, key: /etc/keys/b, zone: rack-2,
     machine: m, link: 25 Gbit/s, data-addresses: [198.51.100.2, "2001:db8::2"], python: /opt/python3.11}
"""


def load(folder: Path, text: str) -> HostsSpec:
    file = folder / "hosts.yaml"
    file.write_text(text)
    return load_hosts(file)


def problems(folder: Path, text: str) -> list[tuple[str, int | None, int | None]]:
    with pytest.raises(SpecError) as refused:
        load(folder, text)
    return [(problem.code, problem.place.line, problem.place.column) for problem in refused.value.problems]


def two(*of_the_second: str) -> str:
    lines = "\n".join(f"    {line}" for line in of_the_second)
    return f"version: 1\nhosts:\n  - {{name: a, address: 192.0.2.1}}\n  - name: b\n{lines}\n"


def test_a_host_has_what_it_says_and_the_defaults_for_the_rest(tmp_path: Path) -> None:
    first, second = load(tmp_path, GOOD).resolved()
    assert (first.user, first.port, first.key, first.zone) == ("ops", 2222, tmp_path / "keys/id", "rack-1")
    assert (first.link, first.interpreter, first.data_addresses) == (Rate(10e9), "python3", ())
    assert (second.user, second.port, second.key, second.machine) == ("root", 22, Path("/etc/keys/b"), "m")
    assert (second.link, second.interpreter) == (Rate(25e9), "/opt/python3.11")
    assert second.data_addresses == ("198.51.100.2", "2001:db8::2")


def test_ssh_gets_each_of_it(tmp_path: Path) -> None:
    road = ssh_transport(load(tmp_path, GOOD))
    login = SshLogin(
        user="ops",
        port=2222,
        key=tmp_path / "keys/id",
        known_hosts=tmp_path / "known",
        host_keys=HostKeys.ACCEPT_NEW,
    )
    assert road._hosts["node-1"] == SshHost("192.0.2.11", login)


def test_what_is_left_out_is_left_to_ssh_but_the_host_keys(tmp_path: Path) -> None:
    hosts = load(tmp_path, two("address: alias"))
    assert ssh_transport(hosts)._hosts["b"] == SshHost("alias", SshLogin(host_keys=HostKeys.STRICT))


def test_the_record_of_a_run_reads_back_the_same_from_another_folder(tmp_path: Path) -> None:
    hosts = load(tmp_path, GOOD)
    (tmp_path / "run").mkdir()
    assert load(tmp_path / "run", dump_hosts(hosts)) == hosts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (two("adress: 192.0.2.2"), [("spec.missing-key", 4, 5), ("spec.unknown-key", 5, 5)]),
        (two("address: -oProxyCommand=x"), [("hosts.not-a-destination", 5, 14)]),
        (two("address: root@192.0.2.2"), [("hosts.not-a-destination", 5, 14)]),
        (two("address: 192.0.2.2", "user: -x"), [("hosts.not-a-destination", 6, 11)]),
        (two("address: 192.0.2.2", "port: 0"), [("spec.too-small", 6, 11)]),
        (two("address: 192.0.2.2", "link: 10G"), [("unit.ambiguous", 6, 11)]),
        (two("address: 192.0.2.2", "data-addresses: [eth1]"), [("hosts.not-an-address", 6, 22)]),
        (two("address: 192.0.2.1"), [("hosts.duplicate-address", 5, 14)]),
        (two("address: 192.0.2.2", "name: b"), [("yaml.duplicate-key", 6, 5)]),
        ("version: 2\nhosts: []\n", [("spec.not-one-of", 1, 10), ("spec.too-few", 2, 8)]),
        (
            "version: 1\nhost-keys: no\nhosts: [{name: a, address: x}]\n",
            [("spec.not-one-of", 2, 12), ("spec.too-few", 3, 8)],
        ),
    ],
)
def test_everything_that_is_wrong_is_reported_with_its_place(
    text: str, found: list[tuple[str, int, int]], tmp_path: Path
) -> None:
    assert problems(tmp_path, text) == found


@pytest.mark.parametrize("field", ["zone", "machine"])
def test_a_label_that_could_steer_a_terminal_is_refused_with_its_place(tmp_path: Path, field: str) -> None:
    text = two("address: 192.0.2.2", f'{field}: "\\e[31mred"')
    assert problems(tmp_path, text) == [("yaml.not-plain-text", 6, 5 + len(field) + 2)]
    text = two("address: 192.0.2.2", f'{field}: "one\\nother"')
    assert problems(tmp_path, text) == [("hosts.not-plain-text", 6, 5 + len(field) + 2)]


def test_a_name_that_comes_twice_names_the_place_of_the_second(tmp_path: Path) -> None:
    text = "version: 1\nhosts:\n  - {name: a, address: x}\n  - {name: a, address: y}\n"
    assert problems(tmp_path, text) == [("hosts.duplicate-name", 4, 12)]


def test_one_address_may_hold_two_hosts_on_different_ports(tmp_path: Path) -> None:
    hosts = load(tmp_path, two("address: 192.0.2.1", "port: 2222"))
    assert [host.port for host in hosts.resolved()] == [None, 2222]


def test_a_misspelled_field_is_answered_with_the_one_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as refused:
        load(tmp_path, two("address: x", "data-adresses: [192.0.2.7]"))
    told = describe_error(refused.value, "en")
    assert f"{tmp_path / 'hosts.yaml'}:6:5: There is no key data-adresses here." in told
    assert "hint: did you mean data-addresses?" in told


def test_every_field_says_what_it_is() -> None:
    for model in (HostsSpec, Host):
        assert [name for name, field in model.model_fields.items() if not field.description] == []
