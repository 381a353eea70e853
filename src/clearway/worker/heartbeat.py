"""Whether this worker gets to run: a thread that wakes up often and notes by how much it comes late.

Throttling, a hypervisor, a full machine and a stopped process all show here, also where no counter of the kernel does.
"""

from __future__ import annotations

import threading
import time

_BEAT = 0.02
"""Seconds from one wake-up to the next: less than half of the lateness that counts."""
_USUAL = 0.05
"""Seconds: a wake-up that comes later than that was kept from running. Waking up on a busy machine takes less."""


class Heartbeat(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.lost = 0.0
        """Seconds for which it did not run although it wanted to, since it was started."""

    def run(self) -> None:
        due = time.monotonic() + _BEAT
        while True:
            time.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            if now - due > _USUAL:
                self.lost += now - due
            due = now + _BEAT
