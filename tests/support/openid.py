"""A small OpenID provider in a process of its own: discovery, keys, codes with PKCE, signed ID tokens.

Run as ``python openid.py``; it prints its issuer address. What a test asks it to do wrong stands in the query of the
authorization request's answer, see `Provider.sign_in`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT = "rejoinder-desk"
SECRET = "a secret with + and %"  # noqa: S105 - of a test


class Provider:
    """The provider as a test sees it, over HTTP."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def sign_in(self, address: str, **claims: Any) -> str:  # noqa: ANN401 - claims have any type
        """What a browser would do that was sent to an address: the address that it is sent back to.

        Args:
            address: of the authorization request.
            claims: instead of those that the ID token would have; None leaves one out.
        """
        assert address.startswith(f"{self.issuer}/authorize?")
        with urllib.request.urlopen(f"{address}&{urlencode({'claims': json.dumps(claims)})}", timeout=10) as answer:  # noqa: S310
            return str(json.loads(answer.read())["back"])

    def tell(self, what: str) -> None:
        """Let it do something: ``rotate`` its keys, ``forge`` the next signature, ``none``: leave it out."""
        urllib.request.urlopen(f"{self.issuer}/tell/{what}", timeout=10).close()  # noqa: S310


@contextmanager
def openid_provider() -> Iterator[Provider]:
    """A provider, for the block."""
    with subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Provider(process.stdout.readline().strip())
        finally:
            process.terminate()


class _State:
    """What the provider remembers."""

    def __init__(self) -> None:
        self.keys = [RSAKey.generate_key(2048, {"use": "sig", "kid": "first"})]
        self.codes: dict[str, dict[str, Any]] = {}
        self.next = ""
        self.issuer = ""


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    state = _State()

    def do_GET(self) -> None:
        """Discovery, keys, the authorization endpoint, and what a test tells us."""
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path == "/.well-known/openid-configuration":
            self._answer(self._metadata())
        elif parts.path == "/keys":
            self._answer({"keys": [key.as_dict(private=False) for key in self.state.keys]})
        elif parts.path == "/authorize":
            self._authorize(query)
        elif parts.path.startswith("/tell/"):
            self._told(parts.path.removeprefix("/tell/"))
        else:
            self._answer({}, 404)

    def do_POST(self) -> None:
        """The token endpoint: a code is good once, for the client that it was made for and that knows the verifier."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        code = self.state.codes.pop(form.get("code", ""), None)
        given = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic "))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            code is None
            or given != urlencode({"": SECRET}).replace("=", f"{CLIENT}:", 1).encode()
            or code["code_challenge"] != challenge.decode().rstrip("=")
            or code["redirect_uri"] != form.get("redirect_uri")
        ):
            self._answer({"error": "invalid_grant"}, 400)
            return
        answer = {"access_token": "opaque", "token_type": "Bearer", "id_token": self._token(code)}
        self._answer({name: value for name, value in answer.items() if value is not None})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _metadata(self) -> dict[str, Any]:
        issuer = self.state.issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        }

    def _authorize(self, query: dict[str, str]) -> None:
        wanted = ("client_id", "redirect_uri", "state", "nonce", "code_challenge", "scope")
        good = all(query.get(name) for name in wanted) and query["code_challenge_method"] == "S256"
        if not good or query["client_id"] != CLIENT or query["response_type"] != "code":
            self._answer({"error": "invalid_request"}, 400)
            return
        code = secrets.token_urlsafe(16)
        self.state.codes[code] = query
        back = urlencode({"code": code, "state": query["state"], "iss": self.state.issuer, "session_state": "x"})
        self._answer({"back": f"{query['redirect_uri']}?{back}"})

    def _token(self, code: dict[str, Any]) -> str | None:
        now = int(time.time())
        claims = {"iss": self.state.issuer, "aud": CLIENT, "sub": "248289761001", "iat": now, "exp": now + 300}
        claims |= {"nonce": code["nonce"], "email": "jane@example.org", "email_verified": True}
        claims |= json.loads(code["claims"])
        claims = {name: value for name, value in claims.items() if value is not None}
        told, self.state.next = self.state.next, ""
        key = self.state.keys[-1]
        if told == "no-token":
            return None
        if told == "none":
            parts = [{"alg": "none"}, claims]
            encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
            return ".".join([*encoded, ""])
        if told == "forge":
            key = RSAKey.generate_key(2048, {"kid": key.kid})
        if told == "hmac":
            from joserfc.jwk import OctKey  # noqa: PLC0415 - the one place

            return jwt.encode({"alg": "HS256", "kid": key.kid}, claims, OctKey.import_key(SECRET * 2))
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key)

    def _told(self, what: str) -> None:
        if what == "rotate":
            self.state.keys = [ECKey.generate_key("P-256", {"use": "sig", "kid": secrets.token_hex(4)})]
        else:
            self.state.next = what
        self._answer({})

    def _answer(self, value: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    _Handler.state.issuer = f"http://127.0.0.1:{server.server_port}"
    print(_Handler.state.issuer, flush=True)  # noqa: T201 - whoever starts it reads it
    server.serve_forever()


if __name__ == "__main__":
    _main()
