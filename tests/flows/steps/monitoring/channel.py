"""A channel for tests: a real web server on loopback that takes Apprise's JSON, stops, and remembers what it was told."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Channel:
    """Listens from `start` to `stop`, always on the same port; `told` holds every message it has taken.

    With `instead`, that is called after a message is taken, and nothing is answered.
    """

    def __init__(self) -> None:
        self.told: list[dict] = []
        self.instead: Callable[[], None] | None = None
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def address(self) -> str:
        return f"json://user:a-secret@127.0.0.1:{self.port}/hook"

    def ids(self) -> list[list[str]]:
        """The short ids of the alerts in each message."""
        return [re.findall(r"alerts ack (\w{6})", one["message"]) for one in self.told]

    def start(self) -> None:
        channel = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                channel.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                if channel.instead:
                    return channel.instead()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments) -> None:
                """Nothing: tests read what was told."""

        if self._server is None:
            ThreadingHTTPServer.allow_reuse_address = True
            self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
            self.port = self._server.server_address[1]
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.002}, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
