"""TLS: whom to trust as a client, and who we are."""

from __future__ import annotations

import ssl
from pathlib import Path

from kpis.runtime.errors import Misconfigured


def context(
    ca: Path | None, ca_setting: str, certificate: tuple[Path, Path] | None = None, certificate_setting: str = ""
) -> ssl.SSLContext:
    """What a connection is checked against.

    Args:
        ca: a file of PEM certificates to trust; the system's when not given.
        ca_setting: the variable that named it.
        certificate: files of our own certificate and its unencrypted key.
        certificate_setting: the variable that named the certificate.

    Raises:
        Misconfigured: a file cannot be used.
    """
    try:
        made = ssl.create_default_context(cafile=str(ca) if ca else None)
    except OSError as e:
        raise Misconfigured(ca_setting, f"the file is no PEM certificate that can be read ({_why(e)})") from None
    if certificate is not None:
        _load(made, *certificate, certificate_setting)
    return made


def server_context(certificate: Path, key: Path, setting: str) -> ssl.SSLContext:
    """What pages are served with; TLS 1.2 or later.

    Args:
        certificate, key: PEM files; the key is not encrypted.
        setting: the variables that named them.

    Raises:
        Misconfigured: a file cannot be used.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(made, certificate, key, setting)
    return made


def _load(made: ssl.SSLContext, certificate: Path, key: Path, setting: str) -> None:
    try:
        # Without a password given here, a key that wants one would make the process wait at a prompt.
        made.load_cert_chain(certificate, key, password="")
    except OSError as e:
        raise Misconfigured(setting, f"certificate and key cannot be used ({_why(e)})") from None


def _why(e: OSError) -> str:
    return (getattr(e, "reason", None) if isinstance(e, ssl.SSLError) else e.strerror) or type(e).__name__
