"""The table of engines, and the versions of what they run."""

from __future__ import annotations

import re
import subprocess

import pytest

from clearway.engine.base import Tool, tools_of
from clearway.engine.table import DEFAULT_ENGINES, ENGINES, parse_version

_TOOLS = tools_of(ENGINES.values())


def test_every_protocol_has_one_default_engine_that_measures_it() -> None:
    unasked = [protocol for engine in ENGINES.values() for protocol in engine.default_for]
    assert sorted(unasked) == ["http", "round-trip", "tcp", "udp"]
    assert all(protocol in engine.protocols for protocol, engine in DEFAULT_ENGINES.items())


@pytest.mark.parametrize(
    ("binary", "text", "version"),
    [
        ("iperf", "iperf version 2.1.8 (12 August 2022) pthreads\n", (2, 1, 8)),
        ("iperf", "iperf version 2.0.5 (08 Jul 2010) pthreads\n", (2, 0, 5)),
        ("iperf3", "iperf 3.12 (cJSON 1.7.15)\nLinux vm 6.18.44-fc\n", (3, 12)),
        ("h2load", "h2load nghttp2/1.52.0\n", (1, 52, 0)),
        ("nginx", "nginx version: nginx/1.22.1\n", (1, 22, 1)),
        ("sockperf", "sockperf, version 3.7-no.git\n   compiled 2021-08-23 12:14:23\n", (3, 7)),
        ("iperf", "iperf: invalid option\n", None),
        ("iperf", "", None),
    ],
)
def test_a_version_is_the_first_dotted_number_that_a_tool_prints(
    binary: str, text: str, version: tuple[int, ...] | None
) -> None:
    assert parse_version(_TOOLS[binary], text) == version


@pytest.mark.parametrize("tool", _TOOLS.values(), ids=str)
def test_the_tools_here_print_a_version_that_is_new_enough(tool: Tool) -> None:
    answer = subprocess.run(tool.version_argv, capture_output=True, text=True, check=False)
    version = parse_version(tool, answer.stdout + answer.stderr)
    assert version is not None
    assert version >= tool.at_least


def test_iperf_2_0_is_too_old() -> None:
    """It has no --txstart-time, and its intervals don't begin at the instant."""
    assert _TOOLS["iperf"].at_least > (2, 0, 13)


def test_an_h2load_without_a_rate_is_too_old() -> None:
    """1.43, of Ubuntu 22.04, has no --rps."""
    assert _TOOLS["h2load"].at_least > (1, 43)


def test_a_package_is_named_as_debian_names_it() -> None:
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", tool.package) for tool in _TOOLS.values())
