"""A headless browser, driven over the WebDriver protocol: start, look, end."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
OPTIONS = (
    "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
    " disable-sync disable-dev-shm-usage"
)


class Browser:
    """Chromium with a profile of its own, offline but for files."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM is not None
        assert DRIVER is not None
        self.profile = profile
        self.driver = subprocess.Popen(
            [DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.url = ""

    def __enter__(self) -> Browser:
        try:
            assert self.driver.stdout is not None
            found = next(
                one for line in self.driver.stdout if (one := re.search(r"started successfully on port (\d+)", line))
            )
            arguments = [f"--{one}" for one in OPTIONS.split()] + [
                f"--user-data-dir={self.profile}",
                "--window-size=1200,900",
            ]
            chrome = {"binary": CHROMIUM, "args": arguments}
            base = f"http://127.0.0.1:{found[1]}/session"
            wanted = {
                "capabilities": {"alwaysMatch": {"goog:chromeOptions": chrome, "goog:loggingPrefs": {"browser": "ALL"}}}
            }
            self.url = f"{base}/{_ask('POST', base, wanted)['sessionId']}"
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            _ask("DELETE", self.url)
        finally:
            self._end()

    def _end(self) -> None:
        self.driver.terminate()
        self.driver.wait(10)
        assert self.driver.stdout is not None
        self.driver.stdout.close()

    def open(self, page: Path) -> None:
        _ask("POST", f"{self.url}/url", {"url": page.as_uri()})

    def run(self, script: str) -> Any:
        return _ask("POST", f"{self.url}/execute/sync", {"script": script, "args": []})

    def wait(self, script: str) -> Any:
        """What a script gives as soon as that is something."""
        for _ in range(400):
            if found := self.run(script):
                return found
            time.sleep(0.05)
        raise TimeoutError(script)

    def console(self) -> list[str]:
        return [one["message"] for one in _ask("POST", f"{self.url}/se/log", {"type": "browser"})]

    def emulate(self, media: str = "", scheme: str = "light") -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._command("Emulation.setEmulatedMedia", {"media": media, "features": features})

    def resize(self, width: int, height: int) -> None:
        """A screen of so many pixels, also narrower than a window can be."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._command("Emulation.setDeviceMetricsOverride", size)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(_ask("GET", f"{self.url}/screenshot")))

    def _command(self, name: str, parameters: dict[str, Any]) -> None:
        _ask("POST", f"{self.url}/goog/cdp/execute", {"cmd": name, "params": parameters})


def _ask(method: str, url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["value"]
