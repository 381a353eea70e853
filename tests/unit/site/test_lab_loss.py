"""What nft tells of its drops."""

from __future__ import annotations

import json

import pytest

from clearway.site.lab.topology import drops


@pytest.mark.parametrize("transport", ["udp", 17])
def test_a_protocol_is_the_same_by_name_and_by_number(transport: str | int) -> None:
    """Machines without /etc/protocols get numbers."""
    element = {"elem": {"val": {"concat": [transport, 7001]}, "counter": {"packets": 3, "bytes": 300}}}
    listing = json.dumps({"nftables": [{"metainfo": {}}, {"set": {"name": "dropped", "elem": [element]}}]})
    assert drops(listing) == {("udp", 7001): 3}
