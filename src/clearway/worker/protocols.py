"""What the kernel counts about protocols in this worker's network: connections asked for again, full queues, damage.

From /proc/net/snmp and /proc/net/netstat, which both have a line of names and a line of values for each protocol.
"""

from __future__ import annotations

from typing import Dict, Iterator, Mapping, Tuple

from clearway.worker.cgroup import text_of

_NAMES: Mapping[str, str] = {
    "Tcp.InCsumErrors": "tcp.checksum-errors",
    "Udp.InCsumErrors": "udp.checksum-errors",
    "Ip.FragFails": "ip.fragments-refused",
    "Ip.ReasmFails": "ip.fragments-lost",
    "TcpExt.TCPSynRetrans": "tcp.syn-retransmits",
    "TcpExt.TCPTimeouts": "tcp.timeouts",
    "TcpExt.ListenOverflows": "tcp.listen-overflows",
    "TcpExt.TCPReqQFullDrop": "tcp.listen-drops",
    "TcpExt.TCPBacklogDrop": "tcp.backlog-drops",
    "TcpExt.TCPRcvQDrop": "tcp.receive-queue-drops",
    "TcpExt.TCPDSACKRecv": "tcp.sent-twice",
}
"""Those that say why something failed, by their name in the kernel."""


def totals() -> Dict[str, int]:
    """Running totals by name; empty where they can't be read."""
    texts = (text_of(f"/proc/self/net/{name}") or "" for name in ("snmp", "netstat"))
    known = {name: count for text in texts for name, count in of_table(text)}
    return {_NAMES[name]: count for name, count in known.items() if name in _NAMES}


def of_table(text: str) -> Iterator[Tuple[str, int]]:
    """`Tcp.RetransSegs` and the like, from one of the two files."""
    lines = text.splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        prefix, _, rest = names.partition(":")
        for name, value in zip(rest.split(), values.partition(":")[2].split()):
            yield f"{prefix}.{name}", int(value)
