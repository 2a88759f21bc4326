"""Who is let in: the right credentials always, anything else never, and no header makes it fail."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from string import ascii_letters, digits

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from kpis.runtime.errors import Misconfigured
from kpis.runtime.http.access import MAX_SECRET, REFUSALS, Access, AccessPolicy
from kpis.settings.shared import Settings
from monitors.settings import MonitorSettings

TOKENS = st.text([chr(n) for n in range(33, 127)], min_size=1, max_size=80)
PASSWORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
USERS = st.text(st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"], exclude_characters=":"), min_size=1)
ODD = st.one_of(
    st.text(st.characters(), max_size=300),
    # As the monitor's server reads a header, and as the worker's does.
    st.binary(max_size=300).map(lambda data: data.decode("utf-8", "surrogateescape")),
    st.binary(max_size=300).map(lambda data: data.decode("latin-1")),
).map(lambda text: text.replace("~", "").replace("§", ""))
"""Any text, without what the secrets below have."""


def basic(text: str) -> str:
    """A header of Basic authentication."""
    return f"Basic {b64encode(text.encode('utf-8', 'surrogatepass')).decode()}"


def policy(token: str | None, user: str = "pacewatch", password: str | None = None) -> AccessPolicy:
    """A policy of plain texts."""
    return AccessPolicy(SecretStr(token) if token else None, user, SecretStr(password) if password else None)


_MARKED_TOKENS = TOKENS.map(lambda token: f"{token}~")
_MARKED_PASSWORDS = PASSWORDS.map(lambda password: f"{password}§")
POLICIES = st.one_of(
    st.builds(policy, _MARKED_TOKENS, USERS, _MARKED_PASSWORDS | st.none()),
    st.builds(policy, st.none(), USERS, _MARKED_PASSWORDS),
)
SCHEMES = st.sampled_from(["Bearer ", "bearer ", "BASIC ", "Basic ", "Basic", "Bearer", "Digest ", "Negotiate ", " "])
HEADERS = (
    ODD
    | st.builds(str.__add__, SCHEMES, ODD)
    | st.builds(basic, ODD)
    | st.builds(lambda scheme, size: scheme + "a" * size, SCHEMES, st.integers(0, 100_000))
)


@given(POLICIES, HEADERS | st.none())
@example(policy("token~"), "Bearer \udcff")
@example(policy("token~"), "Bearer \ud800")
def test_a_header_that_shows_no_right_credentials_is_refused_and_none_makes_it_fail(
    asked: AccessPolicy, header: str | None
) -> None:
    access = asked.decide(header)
    assert access in REFUSALS
    assert (access is Access.NO_CREDENTIALS) == (not header)
    assert AccessPolicy().decide(header) is Access.OPEN


@given(TOKENS, USERS, PASSWORDS)
def test_the_right_token_and_the_right_password_are_always_let_in(token: str, user: str, password: str) -> None:
    """Either is enough where both are set; the scheme's name may be written in any way."""
    both = policy(token, user, password)
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert both.decide(f"{scheme} {token}") is Access.BEARER
    assert both.decide(basic(f"{user}:{password}")) is Access.BASIC
    assert both.decide(basic(f"{user}:{password}").replace("Basic", "bASIC")) is Access.BASIC
    for one in (both, policy(token), policy(None, user, password)):
        assert one.decide(one.authorization).is_granted, "what pacewatch top sends"
    assert AccessPolicy().authorization is None


@given(TOKENS, PASSWORDS, st.data())
def test_what_differs_in_one_character_is_wrong(token: str, password: str, data: st.DataObject) -> None:
    both = policy(token, "reader", password)
    for secret, header in ((token, "Bearer {}".format), (password, lambda text: basic(f"reader:{text}"))):
        at = data.draw(st.integers(0, len(secret) - 1))
        # A letter or a digit: what is no white space at the end of a header.
        other = data.draw(st.sampled_from(sorted({*ascii_letters, *digits} - {secret[at]})))
        assert both.decide(header(secret[:at] + other + secret[at + 1 :])) is Access.WRONG
        assert both.decide(header(secret + other)) is Access.WRONG
        assert both.decide(header(secret[1:] + secret[:1] + other)) is Access.WRONG
        assert both.decide(header("")) is Access.WRONG
    assert both.decide(basic(f"Reader:{password}")) is Access.WRONG


@given(TOKENS, PASSWORDS)
def test_a_scheme_that_is_not_set_up_is_refused_and_not_offered(token: str, password: str) -> None:
    only_token, only_password = policy(token), policy(None, "u", password)
    assert only_token.decide(basic(f"pacewatch:{token}")) is Access.UNKNOWN_SCHEME
    assert only_password.decide(f"Bearer {password}") is Access.UNKNOWN_SCHEME
    assert [c.split()[0] for c in only_token.challenges] == ["Bearer"]
    assert [c.split()[0] for c in only_password.challenges] == ["Basic"]
    assert [c.split()[0] for c in policy(token, "u", password).challenges] == ["Basic", "Bearer"]


@pytest.mark.parametrize(
    "header",
    ["Basic !!!", "Basic cGFzcw", "Basic", "Basic =", "Basic /w==", basic("no colon"), basic("pacewatch:\udcff")],
)
def test_basic_credentials_that_cannot_be_read_are_refused(header: str) -> None:
    """No base64, no UTF-8, no colon."""
    assert policy(None, password="pass").decide(header) is Access.UNKNOWN_SCHEME  # noqa: S106


def test_a_header_is_never_cut_to_one_that_is_right() -> None:
    """Not even at the length from which on it is not looked at."""
    token = "t" * MAX_SECRET
    for size in range(MAX_SECRET, 10 * MAX_SECRET, 97):
        assert policy(token).decide("Bearer " + "t" * size).is_granted == (size == MAX_SECRET)
    long = "p" * (8 * 1024 - len("Bearer "))
    assert policy(long).decide(f"Bearer {long}x") is Access.UNKNOWN_SCHEME


@given(TOKENS.filter(lambda text: len(text) > 6), PASSWORDS.filter(lambda text: len(text) > 6))
def test_a_policy_does_not_show_its_secrets(token: str, password: str) -> None:
    shown = repr(policy(token, "u", password)) + str(policy(token, "u", password))
    assert shown.replace("*", "") == repr(policy("*", "u", "*")).replace("*", "") * 2


@pytest.mark.parametrize("name", ["HTTP_TOKEN", "HTTP_PASSWORD"])
def test_an_empty_secret_is_an_error_and_lets_nobody_in(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By a variable and by a file: who set it meant to keep others out."""
    monkeypatch.setenv(f"PACEWATCH_{name}", "")
    with pytest.raises(Misconfigured, match=f"PACEWATCH_{name}: .*unset it"):
        Settings.load()
    monkeypatch.delenv(f"PACEWATCH_{name}")
    (tmp_path / "secret").write_text("\n")
    monkeypatch.setenv(f"PACEWATCH_{name}_FILE", str(tmp_path / "secret"))
    with pytest.raises(Misconfigured, match=f"PACEWATCH_{name}: .*unset it"):
        Settings.load()


@pytest.mark.parametrize("value", ["with space", "pässword", "line\nline", "x" * (MAX_SECRET + 1), "odd\udcff"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(Misconfigured, match="PACEWATCH_HTTP_TOKEN") as refused:
        MonitorSettings.load(http_token=value)
    assert value not in str(refused.value)


def test_a_password_may_be_any_text_and_the_settings_do_not_show_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From a file without its line end; with spaces, colons and any script."""
    (tmp_path / "password").write_text("grün: 密码 🔑\n", encoding="utf-8")
    monkeypatch.setenv("PACEWATCH_HTTP_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("PACEWATCH_HTTP_USER", "lesende")
    monkeypatch.setenv("PACEWATCH_HTTP_TOKEN", "t0ken-t0ken")
    settings = Settings.load()
    assert settings.http_access.decide(basic("lesende:grün: 密码 🔑")) is Access.BASIC
    for shown in (repr(settings), str(settings), repr(settings.http_access), repr(settings.model_dump())):
        assert "密码" not in shown
        assert "t0ken" not in shown


def test_one_of_certificate_and_key_is_an_error_that_names_both() -> None:
    with pytest.raises(Misconfigured, match="PACEWATCH_HTTP_CERT, PACEWATCH_HTTP_KEY: one is set"):
        _ = Settings.load(http_cert="cert.pem").http_tls
    assert Settings.load(http_cert="", http_key="").http_tls is None
