"""Who is let in at either address, as configured."""

import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path

from shadow.config.process import Server
from shadow.config.tokens import TokensFile
from shadow.config.watch import SecretFile
from shadow.web.auth import Doorkeeper, Keyring, Sessions


def doorkeeper(server: Server, key: bytes) -> Doorkeeper:
    """Who may use the control address; `key` is known to the servers only."""
    one = SecretFile(server.token_file) if server.token_file else None
    if one is not None:
        one.read()  # a token that cannot be read is told at the start
    keyring = Keyring(one, TokensFile(server.tokens_file) if server.tokens_file else None)
    session_key = hmac.new(key, b"sessions of the page", hashlib.sha256).digest()
    return Doorkeeper(keyring, Sessions(keyring, session_key, time.time), server.control.loopback)


def token_of(path: Path | None) -> Callable[[], str | None]:
    """The content of a token file as it is now; no token is asked for without a file."""
    if path is None:
        return lambda: None
    file = SecretFile(path)
    file.read()  # a token that cannot be read is told at the start
    return file.read
