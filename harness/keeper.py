"""The first process of a cluster's namespaces: `python -m harness.keeper SOCKET LEASH-FD`.

It starts and ends the daemons as it is asked to, one JSON line a connection, and reaps every orphan. It ends
when its leash ends, because the process that started the cluster closed it or died; the kernel then takes all
processes, namespaces, links and mounts with it. `let-go` takes the leash off.

Asked {"do": "start", "name", "argv", "log"}, it answers with what was started; asked {"do": "again", "name"}, it starts
what it knows by that name unless it runs; asked {"do": "end", "name", "signal"}, it answers when that process has
ended; {"do": "running"} with the names of those that run, {"do": "finish"} never.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, NoReturn

Message = dict[str, Any]


class Keeper:
    def __init__(self, listener: socket.socket, leash: socket.socket) -> None:
        self._listener = listener
        self._leash = leash
        self._names: dict[int, str] = {}
        self._known: dict[str, Message] = {}
        self._waiting: list[tuple[int, socket.socket]] = []
        self._selector = selectors.DefaultSelector()
        self._deaths, wakeup = socket.socketpair()
        self._deaths.setblocking(False)
        wakeup.setblocking(False)
        signal.set_wakeup_fd(wakeup.fileno())
        self._wakeup = wakeup

    def serve(self) -> NoReturn:
        """Until the leash ends."""
        for watched in (self._listener, self._leash, self._deaths):
            self._selector.register(watched, selectors.EVENT_READ)
        self._leash.sendall(b"ready")
        while True:
            for key, _ in self._selector.select():
                self._attend(key.fileobj)

    def _attend(self, source: Any) -> None:
        if source is self._leash:
            os._exit(0)
        if source is self._deaths:
            self._deaths.recv(4096)
            self._reap()
        else:
            self._answer_one(self._listener.accept()[0])

    def _answer_one(self, asker: socket.socket) -> None:
        with asker.makefile("r", encoding="utf-8") as lines:
            asked = json.loads(lines.readline() or "{}")
        match asked.get("do"):
            case "start":
                self._start(asked)
                _answer(asker, started=asked["name"])
            case "again":
                _answer(asker, started=self._start_again(asked["name"]))
            case "end":
                self._end(asked, asker)
            case "let-go":
                self._selector.unregister(self._leash)
                _answer(asker, held=False)
            case "finish":
                os._exit(0)
            case _:
                _answer(asker, running=sorted(self._names.values()))

    def _start(self, asked: Message) -> None:
        """Nothing of ours is inherited: Python opens what it opens for itself alone."""
        log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        streams = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        argv = asked["argv"]
        caught = [signal.SIGCHLD, signal.SIGPIPE]
        pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=streams, setsid=True, setsigdef=caught)
        os.close(log)
        self._names[pid] = asked["name"]
        self._known[asked["name"]] = asked

    def _start_again(self, name: str) -> str | None:
        if name not in self._names.values() and name in self._known:
            self._start(self._known[name])
        return name if name in self._known else None

    def _end(self, asked: Message, asker: socket.socket) -> None:
        pids = [pid for pid, name in self._names.items() if name == asked["name"]]
        if not pids:
            _answer(asker, ended=None)
        for pid in pids:
            os.kill(pid, asked["signal"])
            self._waiting.append((pid, asker))

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._names.pop(ended[0], None)
                self._answer_waiting(*ended)

    def _answer_waiting(self, pid: int, status: int) -> None:
        for waiting in [waiting for waiting in self._waiting if waiting[0] == pid]:
            self._waiting.remove(waiting)
            _answer(waiting[1], ended=os.waitstatus_to_exitcode(status))


def _answer(asker: socket.socket, **message: Any) -> None:
    with asker, suppress(OSError):
        asker.sendall(json.dumps(message).encode() + b"\n")


def main() -> NoReturn:
    path, leash_fd = sys.argv[1], int(sys.argv[2])
    os.set_inheritable(leash_fd, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    Keeper(listener, socket.socket(fileno=leash_fd)).serve()


if __name__ == "__main__":
    main()
