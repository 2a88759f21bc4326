"""Certificates that a test makes for itself, with the openssl program."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Certificates:
    """Files in PEM.

    Attributes:
        ca: the certificate of the authority that signed the server's.
        certificate, key: of a server on 127.0.0.1, and of a client.
        other_ca: an authority that signed nothing.
    """

    ca: Path
    certificate: Path
    key: Path
    other_ca: Path


def certificates(directory: Path) -> Certificates:
    """Make an authority and a certificate for 127.0.0.1."""
    directory.mkdir(exist_ok=True)
    made = Certificates(*(directory / name for name in ("ca.pem", "server.pem", "server.key", "other.pem")))
    for ca in (made.ca, made.other_ca):
        _openssl("req", "-x509", *_NEW_KEY, "-keyout", f"{ca}.key", "-out", ca, "-days", "2", "-subj", f"/CN={ca.stem}")
    request, names = directory / "server.csr", directory / "names"
    names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    _openssl("req", *_NEW_KEY, "-keyout", made.key, "-out", request, "-subj", "/CN=127.0.0.1")
    signer = ("-CA", made.ca, "-CAkey", f"{made.ca}.key", "-CAcreateserial", "-days", "2", "-extfile", names)
    _openssl("x509", "-req", "-in", request, "-out", made.certificate, *signer)
    return made


def _openssl(*words: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
