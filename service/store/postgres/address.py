"""Where a store is: the address that an operator gives, and how it is called where others can read it."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from service.errors import StoreError

CONNECT_SECONDS: Final = 5
_PORT: Final = "5432"
# Noticed within half a minute: a server that is gone without a word, as after a power cut.
_ALIVE: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def parameters(address: str) -> dict[str, Any]:
    """What libpq is told, with what we choose where the address does not.

    Of several hosts the one is used that takes writes: after a failover that is another one.

    Raises:
        StoreError: this is no address; the message does not repeat it, for it may hold a password.
    """
    try:
        given = conninfo_to_dict(address)
    except psycopg.Error:
        detail = "This is not the address of a PostgreSQL database: write postgresql://USER@HOST:PORT/DATABASE."
        raise StoreError(detail) from None
    chosen: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "application_name": "rejoinder", **_ALIVE}
    if "," in str(given.get("host", "")) + str(given.get("hostaddr", "")):
        chosen["target_session_attrs"] = "read-write"
    return chosen | {name: value for name, value in given.items() if value is not None}


def hosts(address: str) -> list[str]:
    """An address of several hosts as one address for each. Raises as `parameters`."""
    told = {name: value for name, value in parameters(address).items() if name != "target_session_attrs"}
    names = {name: str(told[name]).split(",") for name in ("host", "hostaddr", "port") if told.get(name)}
    count = max((len(values) for values in names.values()), default=1)
    own = [{name: values[at % len(values)] for name, values in names.items()} for at in range(count)]
    return [make_conninfo("", **(told | one)) for one in own]


def place(address: str) -> str:
    """The store in an error message: hosts, ports and database, without user and password."""
    told = parameters(address)
    hosts = str(told.get("host") or told.get("hostaddr") or "").split(",")
    ports = str(told.get("port") or _PORT).split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    where = ",".join(_named(host, port) for host, port in zip(hosts, ports, strict=False))
    return f"postgresql://{where}/{told.get('dbname') or ''}"


def _named(host: str, port: str) -> str:
    if not host or host.startswith(("/", "@")):  # a socket's folder
        return f"{host or 'localhost'}:{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
