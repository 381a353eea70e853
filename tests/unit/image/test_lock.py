"""The Debian packages of the image are pinned by version and digest; what Debian replaces is taken and named."""

from __future__ import annotations

import pytest

from image import debian
from image.lock import LOCK, Lock, OtherContent, lock_text, read_lock
from image.origin import Package
from image.resolve import ARCHITECTURES

LIBC = Package("libc6", "2.36-9+deb12u7", "amd64", "aa11")
IPERF = Package("iperf", "2.1.8+dfsg-1", "amd64", "bb22")
BOTH = Lock(1_795_834_380, {"amd64": (IPERF, LIBC)})


def test_the_lock_of_this_clone_pins_all_that_the_image_needs_for_every_architecture() -> None:
    lock = read_lock(LOCK.read_text(encoding="utf-8"))
    assert lock.packages.keys() == set(ARCHITECTURES)
    for packages in lock.packages.values():
        assert set(debian.packages()) <= {one.name for one in packages}
        assert {len(one.sha256) for one in packages} == {64}


def test_a_lock_is_read_as_it_was_written() -> None:
    assert read_lock(lock_text(BOTH)) == BOTH
    assert lock_text(read_lock(LOCK.read_text(encoding="utf-8"))) == LOCK.read_text(encoding="utf-8")


def test_each_version_is_pinned_above_newer_ones() -> None:
    assert "Package: iperf\nPin: version 2.1.8+dfsg-1\nPin-Priority: 1001\n" in BOTH.preferences("amd64")
    assert BOTH.preferences("riscv64") == ""


def test_a_root_as_locked_has_nothing_replaced() -> None:
    assert BOTH.replaced("amd64", [LIBC, IPERF]) == ()


def test_a_security_update_is_named_and_no_error() -> None:
    newer, added = Package("libc6", "2.36-9+deb12u8", "amd64", "cc33"), Package("libnew", "1", "all", "dd44")
    assert BOTH.replaced("amd64", [newer, added]) == (
        "iperf 2.1.8+dfsg-1 -> none",
        "libc6 2.36-9+deb12u7 -> 2.36-9+deb12u8",
        "libnew none -> 1",
    )


def test_the_same_version_with_another_content_is_refused() -> None:
    forged = Package("iperf", "2.1.8+dfsg-1", "amd64", "ee55")
    with pytest.raises(OtherContent, match=r"iperf 2\.1\.8"):
        BOTH.replaced("amd64", [forged, LIBC])
