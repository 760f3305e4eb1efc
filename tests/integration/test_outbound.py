"""What goes out: to real servers, some of them hostile."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.web import Asking, Send, Site, page, redirect, site

from service.outbound import Fetched, Outbound, OutboundError

MOST = 100_000


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        yield served


def fetch(outbound: Outbound, url: str, **bounds: float) -> Fetched:
    return asyncio.run(outbound.fetch(url, **({"most": MOST, "seconds": 5} | bounds)))  # type: ignore[arg-type]  # both are numbers


def refused(outbound: Outbound, url: str, **bounds: float) -> str:
    with pytest.raises(OutboundError) as caught:
        fetch(outbound, url, **bounds)
    return caught.value.reason


def resolving(*answers: Sequence[str], private: bool = False) -> tuple[Outbound, list[str]]:
    """A way out whose resolver gives one answer after another, the last for ever; and what it was asked."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return Outbound(private=private, resolve=resolve), asked


def test_a_page_comes_back_with_its_final_address_and_hops(web: Site) -> None:
    web.pages = {"/a": redirect("/b", 301), "/b": redirect(web.url("/c#part")), "/c": page(200, b"here", "X-Kind: c")}
    got = fetch(Outbound(private=True), web.url("/a"))
    assert (got.status, got.body, got.url, got.headers["x-kind"]) == (200, b"here", web.url("/c"), "c")
    assert got.hops == ((301, web.url("/b")), (302, web.url("/c#part")))
    assert web.asked[0].headers["host"] == f"127.0.0.1:{web.port}"


def test_a_status_is_an_answer_and_no_error(web: Site) -> None:
    web.pages = {"/gone": page(410, b"gone")}
    got = fetch(Outbound(private=True), web.url("/gone"))
    assert (got.status, got.body) == (410, b"gone")


def test_the_service_names_itself_and_asks_for_gzip_alone(web: Site) -> None:
    web.pages = {"/": page(200, b"")}
    asyncio.run(Outbound(private=True).fetch(web.url("/"), most=1, headers={"If-None-Match": '"1"'}))
    headers = web.asked[0].headers
    assert headers["user-agent"].startswith("Rejoinder/")
    assert (headers["accept-encoding"], headers["if-none-match"]) == ("gzip", '"1"')


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "localhost", "0"])
def test_no_spelling_of_the_own_machine_is_asked(web: Site, host: str) -> None:
    assert refused(Outbound(), web.url("/", host)) == "forbidden"
    assert web.asked == []


@pytest.mark.parametrize("host", ["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"])
def test_no_ipv6_spelling_of_the_own_machine_is_asked(host: str) -> None:
    with site("::1") as web:
        assert refused(Outbound(), web.url("/", host)) == "forbidden"
        assert web.asked == []


def test_ipv6_is_spoken_where_it_is_allowed() -> None:
    with site("::1") as web:
        web.pages = {"/": page(200, b"six")}
        assert fetch(Outbound(private=True), web.url("/", "[::1]")).body == b"six"
        assert web.asked[0].headers["host"] == f"[::1]:{web.port}"


def test_a_redirect_to_a_closed_address_is_not_followed(web: Site) -> None:
    web.pages = {"/": redirect("http://169.254.169.254/latest/meta-data/")}
    assert refused(Outbound(private=True), web.url("/")) == "forbidden"
    web.pages = {"/": redirect("file:///etc/passwd")}
    assert refused(Outbound(private=True), web.url("/")) == "forbidden"


def test_a_redirect_to_nonsense_is_told(web: Site) -> None:
    for to in ("http://[nonsense/", "http://a b/", "http://example.org:99999/"):
        web.pages = {"/": redirect(to)}
        assert refused(Outbound(private=True), web.url("/")) == "forbidden", to


def test_a_name_that_answers_public_and_private_is_refused(web: Site) -> None:
    mixed, _ = resolving(["93.184.215.14", "127.0.0.1"])
    assert refused(mixed, f"http://rebind.test:{web.port}/") == "forbidden"
    assert web.asked == []


def test_a_name_that_turns_gains_nothing(web: Site) -> None:
    """The address that was checked is the one connected to; a new connection is a new check."""
    web.pages = {"/": page(200, b"first"), "/again": redirect("/")}
    turning, asked = resolving(["127.0.0.1"], ["169.254.169.254"], private=True)
    assert fetch(turning, f"http://rebind.test:{web.port}/").body == b"first"
    assert asked == ["rebind.test"]
    turning, asked = resolving(["127.0.0.1"], ["169.254.169.254"], private=True)
    assert refused(turning, f"http://rebind.test:{web.port}/again") == "forbidden"
    assert len(asked) == 2


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/a",
        "data:text/html,hello",
        "gopher://example.org/",
        "http://user:secret@example.org/",
        "http://user@example.org/",
        "http:///nohost",
        "http://",
        "//example.org/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://exa mple.org/",
        "http://example.org:99999/",
        "http://\u0000/",
        "",
    ],
)
def test_only_plain_web_addresses_are_asked(url: str) -> None:
    outbound, asked = resolving(["93.184.215.14"])
    assert refused(outbound, url) == "forbidden"
    assert asked == []


@pytest.mark.parametrize("port", [22, 25, 6379, 9100])
def test_only_ports_of_the_web_are_asked(port: int) -> None:
    outbound, _ = resolving(["93.184.215.14"])
    assert refused(outbound, f"http://example.org:{port}/") == "forbidden"


def test_only_hosts_of_the_list_are_asked(web: Site) -> None:
    web.pages = {"/": page(200, b"listed"), "/away": redirect(web.url("/", "127.0.0.1"))}

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    outbound = Outbound(private=True, hosts=("Example.org",), resolve=resolve)
    assert fetch(outbound, web.url("/", "example.org")).body == b"listed"
    assert fetch(outbound, web.url("/", "News.Example.org.")).body == b"listed"
    for other in ("example.com", "notexample.org", "example.org.evil.test", "127.0.0.1"):
        assert refused(outbound, web.url("/", other)) == "forbidden"
    assert refused(outbound, web.url("/away", "example.org")) == "forbidden"
    assert refused(Outbound(private=True, hosts=()), web.url("/")) == "forbidden"


def test_proxies_of_the_environment_are_ignored(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    web.pages = {"/": page(200, b"direct")}
    assert fetch(Outbound(private=True), web.url("/")).body == b"direct"


def gzipped(body: bytes, *headers: str) -> bytes:
    return page(200, body, "Content-Encoding: gzip", *headers)


def test_a_gzip_bomb_is_stopped_at_the_bound(web: Site) -> None:
    web.pages = {"/bomb": gzipped(gzip.compress(bytes(200_000_000), 1)), "/good": gzipped(gzip.compress(b"a" * MOST))}
    assert refused(Outbound(private=True), web.url("/bomb")) == "too-large"
    assert len(fetch(Outbound(private=True), web.url("/good")).body) == MOST


def test_gzip_in_members_is_joined_and_damage_is_told(web: Site) -> None:
    whole = gzip.compress(b"one ") + gzip.compress(b"two")
    web.pages = {
        "/two": gzipped(whole),
        "/padded": gzipped(whole + b"\0" * 10),
        "/cut": gzipped(whole[:-12]),
        "/bad": gzipped(b"no gzip at all"),
        "/brotli": page(200, b"?", "Content-Encoding: br"),
        "/empty": gzipped(b""),
    }
    outbound = Outbound(private=True)
    assert fetch(outbound, web.url("/two")).body == b"one two"
    assert fetch(outbound, web.url("/padded")).body == b"one two"
    assert fetch(outbound, web.url("/empty")).body == b""
    for path in ("/cut", "/bad", "/brotli"):
        assert refused(outbound, web.url(path)) == "unreachable"


def test_an_endless_body_ends_at_the_bound(web: Site) -> None:
    def endless(_: Asking, send: Send) -> None:
        send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        for _piece in itertools.repeat(None):
            send(b"a" * 10_000)

    web.pages = {"/": endless}
    assert refused(Outbound(private=True), web.url("/")) == "too-large"


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_server_that_hangs_or_drips_is_left_in_time(web: Site, head: bytes) -> None:
    def dripping(_: Asking, send: Send) -> None:
        send(head)
        for _piece in range(200):
            time.sleep(0.05)
            if head:
                send(b"a")

    web.pages = {"/": dripping}
    began = time.monotonic()
    assert refused(Outbound(private=True), web.url("/"), seconds=0.4) == "too-slow"
    assert time.monotonic() - began < 2


def test_redirects_end(web: Site) -> None:
    web.pages = {"/": redirect("/"), **{f"/{n}": redirect(f"/{n + 1}") for n in range(6)}, "/6": page(200, b"end")}
    outbound = Outbound(private=True)
    assert refused(outbound, web.url("/")) == "too-many-redirects"
    assert refused(outbound, web.url("/0")) == "too-many-redirects"
    assert fetch(outbound, web.url("/1")).body == b"end"


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"])
def test_what_is_no_complete_http_answer_is_unreachable(web: Site, answer: bytes) -> None:
    web.pages = {"/": answer}
    assert refused(Outbound(private=True), web.url("/")) == "unreachable"


def test_a_host_that_is_not_there_is_unreachable() -> None:
    with site() as web:
        url = web.url("/")
    assert refused(Outbound(private=True), url) == "unreachable"
    nobody, _ = resolving([])
    assert refused(nobody, "http://nobody.test/") == "unreachable"


def test_plain_http_behind_https_is_unreachable(web: Site) -> None:
    assert refused(Outbound(private=True), web.url("/").replace("http:", "https:")) == "unreachable"


def test_a_post_brings_its_answer_and_follows_nothing(web: Site) -> None:
    web.pages = {"/hook": page(200, b"x" * 500), "/away": redirect("/hook", 307)}
    outbound = Outbound(private=True)
    sent = {"Content-Type": "application/json", "webhook-id": "msg_1"}
    got = asyncio.run(outbound.post(web.url("/hook"), b'{"a":1}', sent, most=100))
    assert (got.status, got.body) == (200, b"x" * 100)
    assert web.asked[0].body == b'{"a":1}'
    assert web.asked[0].headers["webhook-id"] == "msg_1"
    assert asyncio.run(outbound.post(web.url("/away"), b"{}", sent)).status == 307
    assert web.paths() == ["/hook", "/away"]


def test_a_post_is_refused_where_a_fetch_is(web: Site) -> None:
    with pytest.raises(OutboundError) as caught:
        asyncio.run(Outbound().post(web.url("/"), b"{}", {}))
    assert caught.value.reason == "forbidden"
    assert web.asked == []


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for a name, signed by itself, and its key."""
    x509 = pytest.importorskip("cryptography.x509")
    hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - dt.timedelta(days=1))
    made = made.not_valid_after(now + dt.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    encoding = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(encoding))
    plain = (encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    return folder / "cert.pem", folder / "key.pem"


def test_a_certificate_must_be_that_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to a number; the name is what TLS asks for and verifies."""
    cert, key = certificate(tmp_path, "news.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    names: list[str | None] = []
    tls.sni_callback = lambda _connection, name, _context: names.append(name)  # type: ignore[assignment]  # None: go on
    with site(tls=tls) as web:
        web.pages = {"/": page(200, b"sealed")}
        outbound, _ = resolving(["127.0.0.1"], private=True)
        assert fetch(outbound, f"https://news.test:{web.port}/").body == b"sealed"
        with pytest.raises(OutboundError, match="certificate") as caught:
            fetch(outbound, f"https://other.test:{web.port}/")
    assert caught.value.reason == "unreachable"
    assert names == ["news.test", "other.test"]


def test_the_next_address_is_tried_where_one_does_not_answer(web: Site) -> None:
    web.pages = {"/": page(200, b"second")}
    outbound, _ = resolving(["::1", "127.0.0.1"], private=True)
    assert fetch(outbound, f"http://two.test:{web.port}/").body == b"second"


def test_names_that_nobody_resolves_hold_up_no_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hanging(*_: object, **__: object) -> list[object]:
        over.wait(20)
        return []

    async def other_work() -> float:
        outbound = Outbound()
        with pytest.raises(OutboundError):  # the libraries are loaded once
            await outbound.fetch("https://127.0.0.1/", most=MOST)
        monkeypatch.setattr(socket, "getaddrinfo", hanging)
        fetches = [outbound.fetch(f"https://{at}.example.org/", most=MOST, seconds=1) for at in range(64)]
        asked = asyncio.gather(*fetches, return_exceptions=True)
        await asyncio.sleep(0.5)
        started = time.monotonic()
        await asyncio.to_thread(len, "")  # the store's work, for one
        waited = time.monotonic() - started
        reasons = {error.reason for error in await asked if isinstance(error, OutboundError)}
        over.set()
        assert reasons == {"too-slow"}
        return waited

    assert asyncio.run(other_work()) < 0.5
