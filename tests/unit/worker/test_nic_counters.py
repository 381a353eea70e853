"""Counters of a device's own driver: names as real drivers have them, and the device of this machine."""

from __future__ import annotations

import struct

import pytest

from clearway.worker import devices, nic_counters

MLX5 = ("rx_packets", "rx_out_of_buffer", "rx_prio3_pause", "rx_crc_errors_phy", "tx_discards_phy")
IXGBE = ("tx_packets", "rx_missed_errors", "rx_no_buffer_count", "rx_flow_control_xoff", "rx_crc_errors")
ENA = ("tx_timeout", "bw_in_allowance_exceeded", "pps_allowance_exceeded", "conntrack_allowance_exceeded")


@pytest.mark.parametrize("names", [MLX5, IXGBE, ENA])
def test_a_drivers_counters_that_explain_failures_are_read(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the kernel answers `ethtool -S`: sizes, names of 32 bytes, counts."""

    def answer(device: str, question: bytes) -> bytes:
        (command,) = struct.unpack_from("=I", question)
        packed = b"".join(name.encode().ljust(32, b"\0") for name in names)
        made = {
            0x37: struct.pack("=IIQI", command, 0, 2, len(names)),
            0x1B: struct.pack("=III", command, 1, len(names)) + packed,
            0x1D: struct.pack(f"=II{len(names)}Q", command, len(names), *range(len(names))),
        }
        assert len(made[command]) == len(question)
        return made[command]

    monkeypatch.setattr(nic_counters, "ethtool", answer)
    assert nic_counters.totals(f"made-up {names[1]}") == {name: place for place, name in enumerate(names) if place}


def test_this_machines_devices_can_be_asked() -> None:
    for device in devices.names():
        found = nic_counters.totals(device)
        assert all(count >= 0 for count in found.values())


def test_a_device_that_is_not_there_has_none() -> None:
    assert nic_counters.totals("no-such-device") == {}
