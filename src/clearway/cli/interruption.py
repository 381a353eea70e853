"""A run that is interrupted ends in order: its workers are removed, and what it measured is kept."""

from __future__ import annotations

import asyncio
import signal


def cancel_on_signals() -> None:
    """The first SIGINT or SIGTERM cancels the current task; the next one ends the process at once, as usual."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    signals = (signal.SIGINT, signal.SIGTERM)

    def end() -> None:
        for number in signals:
            loop.remove_signal_handler(number)
        if task is not None:
            task.cancel()

    for number in signals:
        loop.add_signal_handler(number, end)
