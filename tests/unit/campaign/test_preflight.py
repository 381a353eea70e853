"""What is refused before anything is created."""

from __future__ import annotations

import pytest

from clearway.base.errors import UsageError
from clearway.campaign.preflight import rehearse
from clearway.spec.load import load_profile, profile_names, read_spec
from making import inventory, planned


def test_a_window_that_an_engine_cannot_divide_is_refused() -> None:
    spec = read_spec("{version: 1, tests: [{name: t, protocol: tcp, engine: iperf3, duration: 1.234s, warm-up: 1s}]}")
    with pytest.raises(UsageError, match=r"engine\.uneven-window"):
        rehearse(planned(spec, inventory(2)).plan)


@pytest.mark.parametrize("profile", profile_names())
def test_the_built_in_profiles_are_accepted_by_their_engines(profile: str) -> None:
    rehearse(planned(load_profile(profile), inventory(6, zones=("zone-a", "zone-b"))).plan)
