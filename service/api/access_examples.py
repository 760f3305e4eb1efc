"""Examples for the routes of keys and people: one newsroom, in the order in which it would send them."""

from __future__ import annotations

from typing import Any, Final

from service.api.examples import Example, Examples

_PERSON: Final[dict[str, Any]] = {
    "name": "ann@example.org",
    "role": "publisher",
    "email": "ann@example.org",
    "issuer": None,
    "created_at": "2026-01-05T09:00:00Z",
    "signed_in_at": None,
    "disabled_at": None,
}

CREATE_KEY: Final[Examples] = {
    "a program": Example(
        "For the newsroom's editing system, until the end of a year",
        {"name": "newsroom-cms", "role": "editor", "per_minute": 120, "expires_at": "2036-12-31T23:59:59Z"},
    )
}
LIMIT_KEY: Final[Examples] = {
    "more": Example("More requests, and no end", {"per_minute": 600, "expires_at": None}),
}
ROTATE_KEY: Final[Examples] = {
    "an hour": Example("The secret before opens for another hour", {"grace": 3600}),
    "at once": Example("It was seen by somebody: nothing opens with it from now on", {"grace": 0}),
}
CREATE_PERSON: Final[Examples] = {
    "with a password": Example(
        "Signs in with name and password",
        {
            "name": "ann@example.org",
            "role": "editor",
            "email": "ann@example.org",
            "password": "the gem ore was bought in a shop",
        },
        {**_PERSON, "role": "editor"},
    ),
    "invited": Example(
        "Signs in through the OpenID provider, which knows them by this address",
        {"name": "ben@example.org", "role": "publisher", "email": "ben@example.org"},
    ),
}
SET_ROLE: Final[Examples] = {"publisher": Example("May publish", {"role": "publisher"}, _PERSON)}
SET_PASSWORD: Final[Examples] = {
    "another": Example("Another password", {"password": "no samples of rare earths at all"}),
}
SIGN_IN: Final[Examples] = {
    "ann": Example(
        "A person, from a page of this service",
        {"name": "ann@example.org", "password": "no samples of rare earths at all"},
        {
            "person": _PERSON,
            "csrf_token": "Q2Nf4u9wJd0s3yX7mB1kT5vR8hL6pZaEoIgYcUtSnWk",
            "ends_at": "2026-01-05T21:00:00Z",
        },
    )
}
OWN_PASSWORD: Final[Examples] = {
    "ann": Example(
        "Another password, by whoever knows the one of now",
        {"password": "no samples of rare earths at all", "new_password": "nothing but raw gem ores"},
    )
}
