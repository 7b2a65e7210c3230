"""TLS towards an implementation, from files that may be replaced while we run (certificates are rotated)."""

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files. Without `ca_file` the system's authorities count; `cert_file` with `key_file` is the client's own."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def stamp(self) -> tuple[int, ...]:
        """Changes when a file is replaced; also when it is a symlink that is swapped, as Kubernetes does.

        Raises:
            OSError: a file is not there.
        """
        files = (self.ca_file, self.cert_file, self.key_file)
        stats = [file.stat() for file in files if file is not None]
        return tuple(number for stat in stats for number in (stat.st_ino, stat.st_mtime_ns))


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """A context that checks the certificate and the name of the other end.

    Raises:
        OSError: a file is not there or not readable (`ssl.SSLError`: it is not what it should be).
    """
    context = ssl.create_default_context(cafile=files.ca_file)
    if files.cert_file is not None:
        context.load_cert_chain(files.cert_file, files.key_file)
    return context


class ClientTls:
    """The context for new connections, made anew when a file has changed."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._stamp: tuple[int, ...] | None = None
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """Raises OSError as `client_context` does."""
        stamp = self._files.stamp()
        if self._context is None or stamp != self._stamp:
            self._context = client_context(self._files)
            self._stamp = stamp
        return self._context
