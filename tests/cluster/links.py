"""The rate of the links in the clusters of tests."""

from __future__ import annotations

from clearway.base.units import Rate

LINK = Rate(1e9)
"""Two clusters side by side share two cores: bulk TCP at any rate on one stopped the other's traffic for 2.4 s."""
