"""A headless Chromium, the one that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.axe import missing, script
from tests.conftest import leave_out, need

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start it, and end it."""
    path = need("chromium")
    with sync_playwright() as playwright:
        # Its sandbox needs a user namespace, which containers and root do not have.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page of its own that fails the test for any error in its console, which a refused script or style is too."""
    context = browser.new_context(**options)
    errors: list[str] = []
    made = context.new_page()
    made.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    made.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield made
    finally:
        context.close()
    assert errors == []


def faults(made: Page) -> list[str]:
    """What axe finds on a page: rule, how bad, where."""
    lacking = missing()
    if lacking is not None:
        leave_out(f"axe: {lacking}")
    made.evaluate(script().read_text())
    found = made.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [
        f"{fault['id']} ({fault['impact']}): {node['target']} {node.get('failureSummary', '')[:300]}"
        for fault in found["violations"]
        for node in fault["nodes"][:3]
    ]
