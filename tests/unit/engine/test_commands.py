"""What each engine asks its tool to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from clearway.base.errors import InternalError
from clearway.base.units import Duration, Frequency, Rate, Size
from clearway.engine.base import ToolCommand
from clearway.engine.table import ENGINES
from clearway.probe.parameters import (
    HttpParameters,
    Parameters,
    RoundTripParameters,
    TcpParameters,
    UdpParameters,
    Window,
)
from clearway.probe.records import Endpoint, Half, Request

_UDP = UdpParameters(Rate(100e6), Size(1448))
_BY_PROTOCOL: dict[str, Parameters] = {
    "tcp": TcpParameters(streams=8),
    "udp": _UDP,
    "http": HttpParameters(connections=16, body=Size(1024), rate=Frequency(400)),
    "round-trip": RoundTripParameters(Size(64)),
}
_EACH = [(name, protocol) for name, engine in ENGINES.items() for protocol in engine.protocols]


def _request(engine: str, parameters: Parameters, half: Half = Half.SEND, address: str = "10.1.2.3") -> Request:
    window = Window(Duration(2), Duration(10))
    server = Endpoint(address, 20_001)
    return Request("r", "p", 1, half, engine, parameters, window, server, 1_800_000_000.25, 1_800_000_060.0)


def _send(engine: str, parameters: Parameters, address: str = "10.1.2.3") -> ToolCommand:
    return ENGINES[engine].send(_request(engine, parameters, Half.SEND, address))


def _serve(engine: str, parameters: Parameters, address: str = "10.1.2.3") -> ToolCommand:
    return ENGINES[engine].serve(_request(engine, parameters, Half.SERVE, address))


def _after(argv: Sequence[str], flag: str) -> str:
    return argv[argv.index(flag) + 1]


@pytest.mark.parametrize(("engine", "protocol"), _EACH)
def test_a_server_listens_on_the_port_it_was_given_and_outlives_the_load(engine: str, protocol: str) -> None:
    command = _serve(engine, _BY_PROTOCOL[protocol])
    assert command.listen is not None
    assert command.listen.port == 20_001
    assert command.ends > Duration(12)
    assert command.launch <= Duration(0)


@pytest.mark.parametrize(("engine", "protocol"), [each for each in _EACH if ENGINES[each[0]].tools])
def test_a_server_listens_on_the_address_under_test_alone(engine: str, protocol: str) -> None:
    command = _serve(engine, _BY_PROTOCOL[protocol])
    told = " ".join((*command.argv, *command.files.values()))
    assert "10.1.2.3" in told
    assert "0.0.0.0" not in told


def test_a_tool_that_hears_one_new_client_at_a_time_is_kept_free_until_its_partner_sets_out() -> None:
    for engine, protocol in _EACH:
        command, client = _serve(engine, _BY_PROTOCOL[protocol]), _send(engine, _BY_PROTOCOL[protocol])
        assert command.alone_until is None or command.alone_until < client.launch, engine
    kept = {(engine, name) for engine, name in _EACH if _serve(engine, _BY_PROTOCOL[name]).alone_until is not None}
    assert kept == {("iperf2", "tcp"), ("iperf3", "tcp"), ("iperf3", "udp")}


def test_a_round_trips_tcp_server_answers_all_connections() -> None:
    """One that is given its port by option waits for its first connection alone."""
    command = _serve("sockperf", RoundTripParameters(Size(64), transport="tcp"))
    assert command.files[_after(command.argv, "-f")] == "T:10.1.2.3:20001\n"
    assert _after(command.argv, "-F") == "epoll"


@pytest.mark.parametrize(("engine", "protocol"), _EACH)
def test_a_client_goes_to_its_server_and_has_time_to_end_by_itself(engine: str, protocol: str) -> None:
    """Trap 9: the load's time, what is still in buffers, and a margin."""
    command = _send(engine, _BY_PROTOCOL[protocol])
    assert any("10.1.2.3" in word for word in command.argv)
    assert command.listen is None
    assert command.ends >= Duration(15)


@pytest.mark.parametrize(("engine", "protocol"), [each for each in _EACH if ENGINES[each[0]].tools])
def test_every_program_is_one_that_the_engine_names_with_its_package(engine: str, protocol: str) -> None:
    named = {tool.binary for tool in ENGINES[engine].tools}
    used = {_send(engine, _BY_PROTOCOL[protocol]).argv[0], _serve(engine, _BY_PROTOCOL[protocol]).argv[0]}
    assert used <= named


def test_iperf2_holds_its_data_back_until_the_instant_to_the_microsecond() -> None:
    """Trap 12: it connects early, waits by itself, and its first data is the start."""
    command = _send("iperf2", TcpParameters(streams=8))
    assert _after(command.argv, "--txstart-time") == "1800000000.250000"
    assert command.launch < Duration(0)
    assert command.watch_start


def test_iperf2_counts_exact_bytes_on_both_ends() -> None:
    """Trap 7."""
    for command in (_send("iperf2", TcpParameters(8)), _serve("iperf2", TcpParameters(8))):
        assert _after(command.argv, "-f") == "b"


@pytest.mark.parametrize("engine", ["iperf2", "iperf3"])
def test_a_receiver_prints_rows_that_show_a_stall(engine: str) -> None:
    assert _after(_serve(engine, TcpParameters(8)).argv, "-i") == "0.1"
    assert _after(_send(engine, TcpParameters(8)).argv, "-i") == "0.5"


@pytest.mark.parametrize("engine", ["iperf2", "iperf3"])
def test_a_receiver_prints_no_more_rows_than_can_be_read(engine: str) -> None:
    """An hour of 64 streams in rows of 0.1 s would be over 2 million."""
    hour = replace(_request(engine, TcpParameters(64), Half.SERVE), window=Window(Duration(2), Duration(3600)))
    assert _after(ENGINES[engine].serve(hour).argv, "-i") == "0.5"


def test_an_iperf2_server_waits_for_the_agent_to_end_it() -> None:
    """Trap 10: `-s -P n` and `-s -1` are used up by strays."""
    argv = _serve("iperf2", TcpParameters(streams=8)).argv
    assert "-P" not in argv
    assert "-1" not in argv


def test_iperf2_sends_one_udp_stream() -> None:
    """Trap 2: `-u -P 2` on one port invents loss."""
    argv = _send("iperf2", _UDP).argv
    assert "-P" not in argv
    assert _after(argv, "-b") == "100000000"


@pytest.mark.parametrize("engine", ["iperf2", "iperf3"])
def test_a_datagrams_size_and_the_buffers_are_asked_for(engine: str) -> None:
    """Traps 3 and 4: the defaults drop inside the host, and fragment on an overlay."""
    argv = _send(engine, _UDP).argv
    assert _after(argv, "-l") == "1448"
    assert _after(argv, "-w") == "4000000"


def test_an_iperf2_receiver_reads_whole_datagrams_into_a_large_buffer() -> None:
    argv = _serve("iperf2", _UDP).argv
    assert _after(argv, "-l") == "1448"
    assert _after(argv, "-w") == "4000000"


@pytest.mark.parametrize(("engine", "flag"), [("iperf2", "-Z"), ("iperf3", "-C")])
def test_congestion_control_is_pinned_only_where_asked(engine: str, flag: str) -> None:
    """Trap 14."""
    assert flag not in _send(engine, TcpParameters(streams=1)).argv
    assert _after(_send(engine, TcpParameters(streams=1, congestion="cubic")).argv, flag) == "cubic"


@pytest.mark.parametrize("engine", ["iperf2", "iperf3"])
def test_a_rate_is_shared_by_the_streams(engine: str) -> None:
    assert "-b" not in _send(engine, TcpParameters(streams=4)).argv
    assert _after(_send(engine, TcpParameters(streams=4, rate=Rate(1e8))).argv, "-b") == "25000000"


def test_a_datagram_size_must_have_been_filled_in_when_the_round_was_handed_out() -> None:
    for engine in ("iperf2", "iperf3"):
        with pytest.raises(InternalError):
            _send(engine, replace(_UDP, datagram=None))


def test_parameters_of_another_protocol_are_our_bug() -> None:
    for engine in ENGINES:
        wrong = _BY_PROTOCOL["http" if "http" not in ENGINES[engine].protocols else "tcp"]
        with pytest.raises(InternalError):
            _send(engine, wrong)


def test_iperf3_is_given_whole_seconds() -> None:
    """It reads `0.6` as 0, which is for ever."""
    brief = replace(_request("iperf3", TcpParameters(1)), window=Window(Duration(0.1), Duration(0.5)))
    assert _after(ENGINES["iperf3"].send(brief).argv, "-t") == "2"


def test_h2load_starts_early_and_has_no_warm_up_of_its_own() -> None:
    """Trap 23: spawned at the instant it is 12 to 20 ms late. What it sends in its warm-up is in no log."""
    command = _send("h2load", _BY_PROTOCOL["http"])
    assert command.launch.si == pytest.approx(-0.3)
    assert "--warm-up-time" not in command.argv
    assert _after(command.argv, "-D") == "12800ms"


def test_h2loads_rate_is_shared_by_its_connections() -> None:
    assert _after(_send("h2load", _BY_PROTOCOL["http"]).argv, "--rps") == "25"
    assert "--rps" not in _send("h2load", HttpParameters(connections=16, body=Size(1024))).argv


def test_nginx_is_one_process_that_changes_no_owner_and_serves_the_asked_body() -> None:
    """Trap 24: in a user namespace nginx dies on chown unless told to stay root."""
    files = _serve("h2load", _BY_PROTOCOL["http"]).files
    assert "user root root;" in files["nginx.conf"]
    assert "master_process off;" in files["nginx.conf"]
    assert "listen 10.1.2.3:20001 " in files["nginx.conf"]
    (body,) = (content for name, content in files.items() if name.startswith("served/"))
    assert len(body) == 1024


def test_nginx_answers_only_who_knows_the_name_of_this_attempt() -> None:
    """A scanner gets no byte, and none of nginx's own files: the scratch folder is not what is served."""
    command, http = _serve("h2load", _BY_PROTOCOL["http"]), _BY_PROTOCOL["http"]
    (served,) = (name for name in command.files if name != "nginx.conf")
    name = served.removeprefix("served/")
    assert f"location = /{name} {{ }}" in command.files["nginx.conf"]
    assert "location / { return 444; }" in command.files["nginx.conf"]
    assert f"http://10.1.2.3:20001/{name}" in _send("h2load", http).argv
    other = ENGINES["h2load"].serve(replace(_request("h2load", http, Half.SERVE), attempt=2))
    assert served not in other.files


def test_ipv6_is_spoken_where_the_server_has_such_an_address() -> None:
    assert "-V" in _send("iperf2", TcpParameters(1), "fd00::2").argv
    assert "-V" in _serve("iperf2", TcpParameters(1), "fd00::2").argv
    assert "listen [fd00::2]:20001 " in _serve("h2load", _BY_PROTOCOL["http"], "fd00::2").files["nginx.conf"]
    assert "http://[fd00::2]:20001/" in " ".join(_send("h2load", _BY_PROTOCOL["http"], "fd00::2").argv)
