"""A real browser for tests: headless Chromium, spoken to over a pipe in its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
# Text that nobody can read: beyond the right edge of the page, and not inside of something that scrolls.
OVERFLOW = """(() => {
  const wide = innerWidth + 1, found = [];
  const scrolls = node => { for (let e = node; e && e !== document.body; e = e.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(e).overflowX)) return true; return false; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode; if (!text.data.trim() || scrolls(text.parentElement)) continue;
    const range = document.createRange(); range.selectNodeContents(text);
    if ([...range.getClientRects()].some(box => box.width && box.right > wide)) found.push(text.data.trim().slice(0, 60));
  }
  if (document.documentElement.scrollWidth > wide) found.push('the page scrolls sideways');
  return found;
})()"""


def path() -> str | None:
    """Where Chromium is; None when it is not installed."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Look:
    """What a page is when it is open: its headings and text, and everything that is wrong with it."""

    headings: list[str]
    text: str
    requests: list[str]
    errors: list[str]
    overflow: dict[int, list[str]] = field(default_factory=dict)
    pdf: bytes = b""

    @property
    def problems(self) -> list[str]:
        """Errors, requests for anything but the page, and text that leaves it, by width."""
        beyond = [f"at {width} px: {text}" for width, texts in self.overflow.items() for text in texts]
        return [*self.errors, *self.requests, *beyond]


class Browser:
    """A running Chromium."""

    def __init__(self, folder: Path) -> None:
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        command = [path(), *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        # Chromium reads commands from descriptor 3 and answers on 4.
        shell = ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash", *command]
        self._process = subprocess.Popen(shell, pass_fds=(to_read, to_write), stderr=subprocess.DEVNULL)
        os.close(to_read), os.close(to_write)
        self._buffer, self._number, self._events = b"", 0, []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")

    def look(self, file: Path, widths: tuple[int, ...] = (400, 1280), dark: bool = False) -> Look:
        """Open a file, at each width, and print it."""
        url = file.resolve().as_uri()
        self._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self._size(widths[-1])
        self._events.clear()
        self._ask("Page.navigate", url=url)
        self._await("Page.loadEventFired")
        headings = self.run("[...document.querySelectorAll('h1, h2')].map(one => one.textContent)")
        look = Look(headings, self.run("document.body.innerText"), [], [])
        for width in widths:
            self._size(width)
            look.overflow[width] = self.run(OVERFLOW)
        look.pdf = base64.b64decode(self._ask("Page.printToPDF", printBackground=True)["data"])
        for event in self._events:
            what, told = event["method"], event["params"]
            if what == "Network.requestWillBeSent" and told["request"]["url"] != url:
                look.requests.append(f"asks for {told['request']['url']}")
            elif what == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
                look.errors.append(told["entry"]["text"])
            elif what == "Runtime.exceptionThrown" or (what == "Runtime.consoleAPICalled" and told["type"] == "error"):
                look.errors.append(json.dumps(told)[:200])
        return look

    def open(self, url: str, width: int = 1280, height: int = 900) -> None:
        """Open a page of a server at a size."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._events.clear()
        self._ask("Page.navigate", url=url)
        self._await("Page.loadEventFired")

    def picture(self, width: int, height: int | None = None) -> bytes:
        """A PNG of the open page at a width: of its top, or of all of it."""
        self._size(width)
        tall = height or self.run("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": width, "height": tall, "scale": 1}
        return base64.b64decode(self._ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"])

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)
        os.close(self._to), os.close(self._from)

    def _size(self, width: int) -> None:
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)

    def run(self, script: str) -> Any:
        """The value of a script in the open page."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def _ask(self, method: str, **parameters: Any) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, (method, told["error"])
                return told["result"]
            self._events.append(told)

    def _await(self, event: str) -> None:
        while not any(told.get("method") == event for told in self._events):
            self._events.append(self._next())

    def _next(self) -> dict:
        while b"\0" not in self._buffer:
            more = os.read(self._from, 1 << 16)
            assert more, "Chromium has ended"
            self._buffer += more
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)
