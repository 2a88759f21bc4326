"""Requests to what is served on loopback, as plain as they come: one connection each, over TLS or not."""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Reply:
    """An answer; header names are in lower case, and each has all its values."""

    status: int
    headers: Mapping[str, list[str]]
    text: str


@dataclass(frozen=True)
class Client:
    """Asks one server.

    Attributes:
        port: on 127.0.0.1.
        ca: whom to trust; None for plain HTTP.
        seen: all that was ever answered, to be searched for secrets.
    """

    port: int
    ca: Path | None = None
    seen: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Of the server."""
        return f"{'https' if self.ca else 'http'}://127.0.0.1:{self.port}"

    def ask(self, path: str, authorization: str | None = None, method: str = "GET") -> Reply:
        """One request."""
        with self._connected() as connection:
            connection.request(method, path, headers={"Authorization": authorization} if authorization else {})
            response = connection.getresponse()
            headers: dict[str, list[str]] = {}
            for name, value in response.getheaders():
                headers.setdefault(name.lower(), []).append(value)
            reply = Reply(response.status, headers, response.read().decode())
        self.seen.append(f"{reply.headers} {reply.text}")
        return reply

    def first_line(self, path: str, authorization: str) -> tuple[int, str]:
        """Status and first line of an answer that does not end."""
        with self._connected() as connection:
            connection.request("GET", path, headers={"Authorization": authorization})
            response = connection.getresponse()
            return response.status, response.readline().decode()

    def raw(self, data: bytes) -> bytes:
        """All that is answered to these bytes, until the server hangs up; nothing if it does so at once."""
        with socket.create_connection(("127.0.0.1", self.port), TIMEOUT_S) as plain:
            found = b""
            try:
                with _context(self.ca).wrap_socket(plain, server_hostname="127.0.0.1") if self.ca else plain as end:
                    end.sendall(data)
                    while part := end.recv(1 << 16):
                        found += part
            except (ConnectionError, ssl.SSLEOFError):
                pass
            return found

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """A connection on which nothing was said yet."""
        with socket.create_connection(("127.0.0.1", self.port), TIMEOUT_S) as plain:
            yield _context(self.ca).wrap_socket(plain, server_hostname="127.0.0.1") if self.ca else plain

    @contextmanager
    def _connected(self) -> Iterator[HTTPConnection]:
        if self.ca:
            made: HTTPConnection = HTTPSConnection("127.0.0.1", self.port, timeout=TIMEOUT_S, context=_context(self.ca))
        else:
            made = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            yield made
        finally:
            made.close()


def bearer(token: str) -> str:
    """A header with a token."""
    return f"Bearer {token}"


def basic(user: str, password: str) -> str:
    """A header with user and password."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _context(ca: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)
