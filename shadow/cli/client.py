"""Talks to the control API of a running proxy. Every fault becomes one line that says what to do about it."""

import argparse
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from shadow.cli.common import CommandError, Exit
from shadow.config.beginning import beginning

DEFAULT_CONTROL = "http://127.0.0.1:9090"
_TIMEOUT_SECONDS = 30.0
_LONG_SECONDS = 300.0  # until a report of a hundred thousand parents begins to come in


def add_control_arguments(parser: argparse.ArgumentParser) -> None:
    """`--control` and `--token-file`, with the environment behind them."""
    parser.add_argument(
        "--control",
        metavar="URL",
        help=f"control API of the proxy (else SHADOW_CONTROL, else {DEFAULT_CONTROL})",
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        type=Path,
        help="file with the token (else SHADOW_TOKEN_FILE; SHADOW_TOKEN holds the token itself)",
    )


def control(args: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> "Control":
    """The proxy that the arguments, else the environment, point to.

    Raises:
        CommandError: the URL is none, or the token cannot be read.
    """
    url = args.control or environ.get("SHADOW_CONTROL") or DEFAULT_CONTROL
    return Control(_checked_url(url), token(args.token_file, environ))


def token(file: Path | None, environ: Mapping[str, str]) -> str | None:
    """The token: of the file named, else of `SHADOW_TOKEN_FILE`, else `SHADOW_TOKEN`; None without any.

    Raises:
        CommandError: the file cannot be read, or what it holds cannot be a token. The token is not repeated.
    """
    if file is None and environ.get("SHADOW_TOKEN_FILE"):
        file = Path(environ["SHADOW_TOKEN_FILE"])
    try:
        text = file.read_text(encoding="utf-8").strip() if file else environ.get("SHADOW_TOKEN", "").strip()
    except OSError as error:
        raise CommandError(f"cannot read the token file {file}: {error.strerror}", Exit.USAGE) from error
    except UnicodeDecodeError:
        raise CommandError(f"the token file {file} is not text", Exit.USAGE) from None
    if file and not text:
        raise CommandError(f"the token file {file} is empty", Exit.USAGE)
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise CommandError("the token must be one word of ASCII characters", Exit.USAGE)
    return text or None


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or "@" in parts.netloc:
        raise CommandError(f"--control must be a URL such as {DEFAULT_CONTROL}, without credentials", Exit.USAGE)
    return url.rstrip("/")


def digest(text: str) -> str:
    """An argument that is a digest or its beginning.

    Raises:
        argparse.ArgumentTypeError: it is too short or no hex number.
    """
    try:
        return beginning(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def migration_path(name: str, *rest: str) -> str:
    """`/api/v1/migrations/{name}/...`."""
    return "/".join(("/api/v1/migrations", quote(name, safe=""), *rest))


class Reply(msgspec.Struct, frozen=True):
    """An answer of the API that a command may go on with."""

    status: int
    body: bytes


class NoProxyError(CommandError):
    """Nobody answers there, or not in time."""


class Problem(msgspec.Struct, frozen=True):
    """`application/problem+json`, as far as it is shown."""

    title: str = ""
    detail: str = ""


class Control:
    """The control API at `url`. Redirects are not followed: the token goes to nobody else."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self._token = token

    def get(self, path: str, params: Mapping[str, str] | None = None, also: tuple[int, ...] = ()) -> bytes:
        """The body of a 200, or of a status in `also`.

        Raises:
            CommandError: for everything else.
        """
        return self._send("GET", path, params=params, also=also).body

    def post(
        self, path: str, body: Mapping[str, Any], params: Mapping[str, str] | None = None, also: tuple[int, ...] = ()
    ) -> Reply:
        """The answer to a JSON body: 200, or a status in `also`.

        Raises:
            CommandError: for everything else.
        """
        return self._send("POST", path, params=params, body=body, also=also)

    def stream(
        self, path: str, params: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> Iterator[bytes]:
        """The body of a 200, piece by piece as it comes in; a POST where there is a body to send.

        Raises:
            CommandError: for everything else, also when it ends too early.
        """
        with self._answered("GET" if body is None else "POST", path, params, body, _LONG_SECONDS) as answer:
            if answer.status_code != 200:
                answer.read()
                raise self._refused(answer)
            yield from answer.iter_bytes()

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None = None,
        also: tuple[int, ...] = (),
    ) -> Reply:
        with self._answered(method, path, params, body, _TIMEOUT_SECONDS) as answer:
            content = answer.read()
        if answer.status_code == 200 or answer.status_code in also:
            return Reply(answer.status_code, content)
        raise self._refused(answer)

    @contextmanager
    def _answered(
        self, method: str, path: str, params: Mapping[str, str] | None, body: Mapping[str, Any] | None, timeout: float
    ) -> Iterator[httpx.Response]:
        """An answer whose body is still to be read."""
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            # trust_env off: a proxy or a .netrc of the environment must not come between an operator and the brake.
            with (
                httpx.Client(verify=_trust(self.url), trust_env=False, timeout=timeout) as client,
                client.stream(method, self.url + path, params=params, json=body, headers=headers) as answer,
            ):
                yield answer
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> NoProxyError:
        what = "no answer in time" if isinstance(error, httpx.TimeoutException) else str(error) or type(error).__name__
        return NoProxyError(
            f"cannot reach {self.url}: {what}; is `shadow serve` running, and is this its control address (--control)?"
        )

    def _refused(self, answer: httpx.Response) -> CommandError:
        problem = _problem(answer)
        if answer.status_code == 401:
            where = "--token-file, SHADOW_TOKEN_FILE or SHADOW_TOKEN"
            if self._token:
                return CommandError(f"{self.url} does not know this token; check what you gave it by {where}")
            return CommandError(f"{self.url} wants a token: {where}")
        if problem is None:
            return CommandError(f"{self.url} answered {answer.status_code}: is this the control address of a shadow?")
        # A proxy that understood and says no: the name, the reason or the right is wrong, not the tool.
        status = Exit.FAILED if answer.status_code >= 500 else Exit.USAGE
        return CommandError(problem.detail or problem.title or f"answered {answer.status_code}", status)


def _problem(answer: httpx.Response) -> Problem | None:
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        return msgspec.json.decode(answer.content, type=Problem)
    except msgspec.DecodeError:
        return None


def _trust(url: str) -> ssl.SSLContext:
    """The system's authorities, and SSL_CERT_FILE's. Loading them is slow: without TLS, nobody is trusted."""
    return ssl.create_default_context() if url.startswith("https://") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
