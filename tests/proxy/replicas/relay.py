"""A way to the database that a test can cut, for one replica alone."""

import socket
import threading
from contextlib import suppress
from pathlib import Path


class Relay:
    """Listens where PostgreSQL would, in a directory of its own, and passes on what it hears."""

    def __init__(self, directory: Path, target: Path) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self._target = str(target)
        self._path = directory / target.name
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._whole = True
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Every connection breaks, and no new one gets through."""
        with self._lock:
            self._whole = False
            gone, self._open = self._open, []
        for one in gone:
            _shut(one)

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        _shut(self._listener)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        with self._lock:
            if not self._whole:
                near.close()
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            self._open += (near, far)
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _shut(source)
    _shut(sink)


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
