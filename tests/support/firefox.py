"""Firefox with the extension loaded, driven through Marionette, the protocol that it has built in."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from support.node import node

FIREFOX: Final = shutil.which("firefox-esr") or shutil.which("firefox")
_PATIENCE_S: Final = 60
_PREFERENCES: Final = {
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}
# A script is the body of an asynchronous function; what it throws comes back as a text.
_SCRIPT: Final = """const done = arguments[arguments.length - 1];
(async (...given) => {%s})(...[...arguments].slice(0, -1)).then(
  (value) => done({ value }), (error) => done({ error: `${error} ${error.stack}` }));"""
# No program can press "Allow"; the browser's own code can do what that does.
_PERMIT: Final = """const [id, change, origins] = given;
const { ExtensionPermissions } = ChromeUtils.importESModule("resource://gre/modules/ExtensionPermissions.sys.mjs");
const policy = WebExtensionPolicy.getByID(id);
await ExtensionPermissions[change](id, { permissions: [], origins }, policy.extension);
return policy.mozExtensionHostname;"""
ID: Final = "rejoinder@rejoinder.example"


def zipped(folder: Path) -> Path:
    """Pack the extension as readers get it; the archive for Firefox."""
    node("build.ts", "--out", folder)
    return next(folder.glob("rejoinder-firefox-*.zip"))


class Firefox:
    """A running Firefox.

    Args:
        port: where it listens for Marionette.
    """

    def __init__(self, port: int) -> None:
        self._socket = _connected(port)
        self._file = self._socket.makefile("rb")
        self._last = 0
        self._message()  # its greeting
        self._say("WebDriver:NewSession")
        self._say("WebDriver:SetTimeouts", script=_PATIENCE_S * 1000, pageLoad=_PATIENCE_S * 1000)
        self.own = ""

    def install(self, archive: Path, origins: list[str]) -> None:
        """Load an extension until the end, and allow it some sites; its options are then in the first tab."""
        self._say("Addon:Install", path=str(archive), temporary=True)
        host = self.permit("add", origins)
        self.go(f"moz-extension://{host}/options.html")
        self.own = self._say("WebDriver:GetWindowHandle")

    def permit(self, change: str, origins: list[str]) -> Any:  # noqa: ANN401 - JSON
        """Allow the extension some sites ("add"), or take that back ("remove")."""
        self._say("Marionette:SetContext", value="chrome")
        try:
            return self._run(_PERMIT, ID, change, origins)
        finally:
            self._say("Marionette:SetContext", value="content")

    def tab(self) -> str:
        """Open a tab and go to it; its name."""
        handle: str = self._say("WebDriver:NewWindow", type="tab")["handle"]
        self._say("WebDriver:SwitchToWindow", handle=handle)
        return handle

    def turn_to(self, handle: str) -> None:
        """Go to a tab."""
        self._say("WebDriver:SwitchToWindow", handle=handle)

    def go(self, address: str) -> None:
        """Open an address in this tab."""
        self._say("WebDriver:Navigate", url=address)

    def back(self) -> None:
        """Go back in this tab."""
        self._say("WebDriver:Back")

    def run(self, script: str, *given: object) -> Any:  # noqa: ANN401 - JSON
        """Run the body of an asynchronous function in this tab; it finds what is given in `given`."""
        return self._run(script, *given)

    def wait(self, script: str, *given: object) -> None:
        """Until a script gives something true."""
        end = time.monotonic() + _PATIENCE_S
        while not self._run(script, *given):
            assert time.monotonic() < end, script
            time.sleep(0.1)

    def close(self) -> None:
        """Ask it to end."""
        self._say("Marionette:Quit", flags=["eForceQuit"])
        self._file.close()
        self._socket.close()

    def _run(self, script: str, *given: object) -> Any:  # noqa: ANN401 - JSON
        told = self._say("WebDriver:ExecuteAsyncScript", script=_SCRIPT % script, args=list(given))
        assert "error" not in told, told
        return told.get("value")

    def _say(self, command: str, **parameters: object) -> Any:  # noqa: ANN401 - JSON
        self._last += 1
        told = json.dumps([0, self._last, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(told), told))
        _, _, error, result = self._message()
        assert error is None, (command, error)
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def _message(self) -> Any:  # noqa: ANN401 - JSON
        length = b""
        while (byte := self._file.read(1)) != b":":
            assert byte, "Firefox has ended"
            length += byte
        return json.loads(self._file.read(int(length)))


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """Start Firefox on a profile that is thrown away.

    Args:
        profile: an empty folder.
    """
    assert FIREFOX is not None
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()]
    lines.append(f'user_pref("marionette.port", {port});')
    (profile / "user.js").write_text("\n".join(lines), "utf-8")
    command = [
        FIREFOX,
        "-marionette",
        "-remote-allow-system-access",
        "-headless",
        "-no-remote",
        "-profile",
        str(profile),
    ]
    quiet = subprocess.DEVNULL
    # Firefox also looks at what it finds in a home.
    environment = {**os.environ, "HOME": str(profile)}
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment) as process:
        try:
            with closing(Firefox(port)) as started:
                yield started
            process.wait(30)
        finally:
            process.kill()


def _connected(port: int) -> socket.socket:
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=2 * _PATIENCE_S)
        except ConnectionRefusedError:
            assert time.monotonic() < end, "Firefox does not start"
            time.sleep(0.1)
