"""A real browser for the tests of the viewer: Debian's Chromium, headless, drawing WebGL with the processor."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from coconet_med.viewer.opening import View

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium here: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright here: pip install playwright")
    arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--hide-scrollbars"]
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages; whatever one complains of on its console fails the test that comes last."""
    pages, complaints = [], []

    def make(width: int = 1200, height: int = 800, **options: object) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.close()
    assert not complaints


@pytest.fixture(scope="module")
def served(new_page: Callable[..., Page]) -> Iterator[Callable[[View], Page]]:
    """Shows a view from a server of its own, opened in a page."""
    from coconet_med.viewer.server import ViewServer

    servers = []

    def show(view: View, **options: object) -> Page:
        server = ViewServer(view.content, color=view.color, foci=view.foci)
        server.__enter__()
        servers.append(server)
        page = new_page(**options)
        page.goto(server.url)
        page.wait_for_selector(".viewer[data-state=open]")
        return page

    yield show
    for server in servers:
        server.__exit__()
