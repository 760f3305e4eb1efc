"""Private mode of the extension, as a page of the extension can ask it: no service is between."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.extension import Reader
from support.node import bundled

HARNESS = Path(__file__).with_name("private.ts")
_PATIENCE_S = 240
_QUICK = {"msPerHeadline": 1, "msPerPair": 1}


class Found(NamedTuple):
    """What the search of private mode gave for a text.

    Attributes:
        ids: of the records, the nearest first.
        nearness: of each.
        ms: how long it took.
    """

    ids: list[str]
    nearness: list[float]
    ms: float


class Private:
    """Private mode in one browser.

    Args:
        reader: the browser; its settings name the service.
        server: address of the service.
    """

    def __init__(self, reader: Reader, server: str) -> None:
        self._server = server
        self.reader = reader
        reader.choose(server=server, private=True)
        self.page = reader.context.new_page()
        self.page.goto(f"{reader.root}/options.html")

    def tell(self, kind: str, **ask: object) -> dict[str, Any]:
        """Say something to the background."""
        reply = self.page.evaluate(
            "(message) => chrome.runtime.sendMessage({ ...message, to: 'background' })", {"kind": kind, **ask}
        )
        assert isinstance(reply, dict), f"{kind}: {reply}"
        return reply

    def install(self, *, accept: bool = False) -> dict[str, Any]:
        """Download, or bring up to date, and wait for the end; the status then."""
        self.tell("private-install", accept=accept)
        for _ in range(_PATIENCE_S * 10):
            status = self.tell("private-status")
            if status["state"] != "downloading":
                return status
            self.page.wait_for_timeout(100)
        pytest.fail(f"not installed within {_PATIENCE_S} s: {status}")

    def ready(self) -> dict[str, Any]:
        """Install; a machine that is too busy to be quick is taken for quick, since that is not what is tested."""
        status = self.install()
        if status["state"] == "slow":
            self.timed(**_QUICK)
            status = self.tell("private-status")
        assert status["state"] == "ready", status
        return status

    def timed(self, **times: float) -> None:
        """Change the times that were measured."""
        self.remember(**times)

    def remember(self, **known: object) -> None:
        """Change what is known beside the documents."""
        self._change("state", "only", "(state) => ({ ...state, ...given })", known)

    def read_english(self, texts: Sequence[str]) -> list[bool]:
        """Whether each text is taken for English."""
        self._look_inside()
        return [bool(one) for one in self.page.evaluate("(texts) => inside.english(texts)", list(texts))]

    def damage(self, sha256: str) -> None:
        """Change one byte of a file that was downloaded."""
        self._change("files", sha256, "(bytes) => { bytes[1000] ^= 1; return bytes; }", {})

    def leave(self, sha256: str) -> None:
        """Leave a file under a name that no index has, as a download does whose models cannot be started."""
        self._change("files", sha256, "() => new Uint8Array(8)", {})

    def ask(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """The answers to texts, whatever their label, past the settings of what is shown."""
        reply = self.asked(texts)
        assert reply["condition"] == {"state": "ready"}, reply["condition"]
        answers: list[dict[str, Any]] = reply["answers"]
        return answers

    def asked(self, texts: Sequence[str]) -> dict[str, Any]:
        """As `ask`, with the condition; the browser tells the language of each text as it tells the background."""
        self.tell("private-status")  # opens the hidden page where there is none
        reply: dict[str, Any] = self.reader.worker.evaluate(
            """async ([server, texts]) => {
              const questions = [];
              for (const text of texts) {
                const { isReliable, languages } = await chrome.i18n.detectLanguage(text);
                const language = languages[0]?.language ?? null;
                questions.push({ text, language: isReliable || language === "en" ? language : null });
              }
              const source = { server, key: "", reachable: false };
              const message = { to: "offscreen", kind: "ask", ask: { source, questions } };
              return (await chrome.runtime.sendMessage(message)).answer;
            }""",
            [self._server, list(texts)],
        )
        return reply

    def search(self, texts: Sequence[str], deep: int) -> list[Found]:
        """The nearest records of each text."""
        self._look_inside()
        results = self.page.evaluate("([texts, deep]) => inside.find(texts, deep)", [list(texts), deep])
        return [
            Found([one["id"] for one in result["found"]], [one["nearness"] for one in result["found"]], result["ms"])
            for result in results
        ]

    def load_ms(self) -> float:
        """How long the installed index and its encoder take to be ready."""
        self._look_inside()
        return float(self.page.evaluate("inside.tookMs()"))

    def _look_inside(self) -> None:
        if not self.page.evaluate("'inside' in globalThis"):
            self.page.evaluate(bundled(HARNESS))

    def _change(self, store: str, key: str, change: str, given: dict[str, object]) -> None:
        self.page.evaluate(
            f"""async ([store, key, given]) => {{
              const open = indexedDB.open("private");
              await new Promise((done) => open.addEventListener("success", done));
              const held = open.result.transaction(store, "readwrite").objectStore(store);
              const get = held.get(key);
              await new Promise((done) => get.addEventListener("success", done));
              const put = held.put(({change})(get.result), key);
              await new Promise((done) => put.transaction.addEventListener("complete", done));
              open.result.close();
            }}""",
            [store, key, given],
        )
