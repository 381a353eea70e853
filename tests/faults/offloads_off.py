"""`offloads_off.py DEVICE` turns checksum and segmentation offload of a device off, as `ethtool -K` does."""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct
import sys

_SIOCETHTOOL = 0x8946
_OFF = (0x1F, 0x24, 0x17, 0x15)
"""linux/ethtool.h: what sets TSO, GSO, and checksums of what is sent and of what arrives."""


def turn_off(device: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for command in _OFF:
            value = ctypes.create_string_buffer(struct.pack("=II", command, 0), 8)
            fcntl.ioctl(asked, _SIOCETHTOOL, struct.pack("16sP16x", device.encode(), ctypes.addressof(value)))


if __name__ == "__main__":
    turn_off(sys.argv[1])
