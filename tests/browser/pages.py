"""Pages that are used again, for journeys.

A process that has read the program once compiles nothing when it opens it again: half the CPU of
a visit. Nothing else outlives a visit: the document is another one, and a visit begins by clearing
what was stored; a page of other settings (language, touch, density of pixels) is another page.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Error, Page

ELSEWHERE = "/api/health"  # a document of the server that holds no program


class Pages:
    """The pages of a browser that nobody uses now, by the settings of their contexts."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[Page]] = {}
        self._settings: dict[Page, str] = {}

    def take(self, settings: dict[str, Any], script: str) -> Page:
        """A page whose context has these settings, of a size and with motion as its reader sets
        them; a new one runs the script before each of its documents.
        """
        known = repr(sorted(settings.items()))
        free = self._free.get(known)
        if free:
            return free.pop()
        page = self._browser.new_context(**settings).new_page()
        page.add_init_script(script)
        self._settings[page] = known
        return page

    def give_back(self, page: Page, origin: str) -> None:
        """The page rests on a document without a program; one that cannot is closed."""
        try:
            page.goto(origin + ELSEWHERE)
            page.mouse.move(-1, -1)
        except Error:
            page.context.close()
        else:
            self._free.setdefault(self._settings[page], []).append(page)
