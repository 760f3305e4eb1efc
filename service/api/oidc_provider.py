"""The OpenID provider: its addresses, its keys, and what it says of somebody. Imported late, with the extra `oidc`.

The code flow of OpenID Connect Core 1.0 with PKCE (RFC 7636), as OAuth 2.0 Security (RFC 9700) asks for it. Authlib and
joserfc know the protocol; what goes over the network goes through `service.outbound`, so it is bounded.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from service.api.oidc_flow import Flow, failed, is_trusted, unbelieved
from service.outbound import Outbound, OutboundError
from service.settings import Settings

CALLBACK: Final = "/sign-in/oidc/callback"
_SCOPE: Final = "openid email profile"
# Signatures that only the provider can make: a symmetric one could be made by whoever knows the client's secret.
_ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_MOST_BYTES: Final = 500_000
_METADATA_S: Final = 3_600.0
_KEYS_S: Final = 3_600.0
_KEYS_AGAIN_S: Final = 30.0
_REST_S: Final = 5.0
_LEEWAY_S: Final = 60
_OK: Final = 200


class Provider:
    """An OpenID provider. What it publishes is kept for an hour; its keys are read again when an unknown one signs."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.oidc_issuer or ""
        self._client = settings.oidc_client_id or ""
        self._secret = settings.oidc_client_secret
        self._back = f"{settings.public_url}{CALLBACK}"
        # The operator has named it: it may stand in the same network as this service.
        self._outbound = Outbound(private=True)
        self._metadata: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._rest_until = 0.0
        self._lock = asyncio.Lock()

    async def address(self, flow: Flow) -> str:
        """Where a browser is sent to sign in. Raises `ProblemError` where the provider cannot be reached."""
        known = await self._known()
        uri: str = prepare_grant_uri(
            known["authorization_endpoint"],
            client_id=self._client,
            response_type="code",
            redirect_uri=self._back,
            scope=_SCOPE,
            state=flow.state,
            nonce=flow.nonce,
            code_challenge=create_s256_code_challenge(flow.verifier),
            code_challenge_method="S256",
        )
        return uri

    async def claims(self, flow: Flow, code: str) -> Mapping[str, Any]:
        """What the provider says of whoever came back with a code.

        Raises:
            ProblemError: the code is worth nothing, the ID token is not to be believed, or nobody answers.
        """
        known = await self._known()
        answer = await self._exchange(known, flow, code)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise unbelieved("its answer holds no ID token")
        try:
            return await self._verified(known, token, flow, answer.get("access_token"))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            # What is wrong, and never what the token says.
            wrong = getattr(error, "error", type(error).__name__)
            claim = getattr(error, "claim", None)
            raise unbelieved(f"the ID token is refused: {wrong}{f' {claim}' if claim else ''}") from None

    async def _verified(
        self, known: Mapping[str, Any], token: str, flow: Flow, access_token: object
    ) -> Mapping[str, Any]:
        offered = known.get("id_token_signing_alg_values_supported") or ["RS256"]
        algorithms = [name for name in _ALGORITHMS if name in offered]
        try:
            decoded = jwt.decode(token, await self._key_set(known), algorithms=algorithms)
        except (InvalidKeyIdError, BadSignatureError):  # the provider may have changed its keys
            decoded = jwt.decode(token, await self._key_set(known, again=True), algorithms=algorithms)
        options = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._client},
            "sub": {"essential": True},
            "exp": {"essential": True},
        }
        params = {"nonce": flow.nonce, "client_id": self._client, "access_token": access_token}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(leeway=_LEEWAY_S)
        return dict(claims)

    async def _known(self) -> Mapping[str, Any]:
        """What the provider publishes of itself (OpenID Connect Discovery 1.0)."""
        async with self._lock:
            if self._metadata is None or self._metadata[0] < time.monotonic():
                if time.monotonic() < self._rest_until:  # many who wait must not each wait for its silence
                    raise failed("it did not answer a moment ago")
                self._rest_until = time.monotonic() + _REST_S
                known = await self._fetch(self._issuer.rstrip("/") + _WELL_KNOWN)
                if known.get("issuer") != self._issuer:
                    raise failed("it says that it is another issuer than REJOINDER_OIDC_ISSUER")
                needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                if not all(is_trusted(known.get(name)) for name in needed):
                    raise failed("it does not publish all its addresses, or not with https")
                self._metadata, self._rest_until = (time.monotonic() + _METADATA_S, known), 0.0
            return self._metadata[1]

    async def _key_set(self, known: Mapping[str, Any], *, again: bool = False) -> KeySet:
        async with self._lock:
            age = None if self._keys is None else time.monotonic() - self._keys[0]
            if self._keys is None or age is None or age > (_KEYS_AGAIN_S if again else _KEYS_S):
                found = await self._fetch(known["jwks_uri"])
                try:
                    keys = KeySet.import_key_set(found)  # type: ignore[arg-type]  # it is checked there
                except (JoseError, ValueError, TypeError, KeyError):
                    raise failed("its keys cannot be read") from None
                self._keys = (time.monotonic(), keys)
            return self._keys[1]

    async def _fetch(self, url: str) -> dict[str, Any]:
        try:
            got = await self._outbound.fetch(url, most=_MOST_BYTES, seconds=10, redirects=0)
        except OutboundError as error:
            raise failed(error.detail) from None
        if got.status != _OK:
            raise failed(f"it answers with status {got.status}")
        return _object(got.body)

    async def _exchange(self, known: Mapping[str, Any], flow: Flow, code: str) -> dict[str, Any]:
        """The code against tokens. Raises `ProblemError`."""
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._back}
        fields |= {"code_verifier": flow.verifier}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        ways = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self._secret is None:
            fields["client_id"] = self._client
        elif "client_secret_basic" in ways or "client_secret_post" not in ways:
            # RFC 6749, section 2.3.1: both are encoded as in a form first.
            pair = f"{quote_plus(self._client)}:{quote_plus(self._secret)}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            fields |= {"client_id": self._client, "client_secret": self._secret}
        try:
            got = await self._outbound.post(known["token_endpoint"], urlencode(fields).encode(), headers)
        except OutboundError as error:
            raise failed(error.detail) from None
        if got.status != _OK:
            raise unbelieved(f"the code is refused with status {got.status}")
        return _object(got.body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise failed("its answer is not a JSON object") from None
