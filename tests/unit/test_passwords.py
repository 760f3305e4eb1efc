"""Which passwords are taken, and what is kept of them."""

from __future__ import annotations

import pytest

from service import passwords
from service.errors import InvalidRecordError


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "пароль из слов",
        "密码密码密码加上更多的字符吧",
        "  spaces around  ",
        "x" * 1000 + "yza",
    ],
)
def test_long_ones_of_any_characters_are_taken(password: str) -> None:
    passwords.check(password, "ann")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevenchars",
        "PasswordPassword",
        "１２３４５６７８９０１２",
        "abababababab",
        "annannannann",
        "xyz, " * 400,
        "ann@example.org2026!",
        "ﬀﬀ",
    ],
)
def test_short_common_and_personal_ones_are_not(password: str) -> None:
    with pytest.raises(InvalidRecordError) as refused:
        passwords.check(password, "ann@example.org" if "@" in password else "ann")
    assert refused.value.field == "password"
    assert not password or password not in refused.value.detail


def test_the_hash_is_argon2id_and_tells_only_the_password_itself() -> None:
    kept = passwords.hash_("a gem ore in a shop")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.verify(kept, "a gem ore in a shop")
    assert passwords.verify(kept, "ａ gem ore in a shop"), "what looks the same is the same"
    assert not passwords.verify(kept, "A gem ore in a shop")
    assert not passwords.verify(kept, "a gem ore in a shop ")
    assert not passwords.is_outdated(kept)
    assert kept != passwords.hash_("a gem ore in a shop")


@pytest.mark.parametrize("kept", [None, "not a hash", "$argon2id$v=19$m=65536,t=3,p=4$broken"])
def test_where_there_is_nothing_to_compare_with_nothing_fits(kept: str | None) -> None:
    assert not passwords.verify(kept, "nobody has this password")
    assert not passwords.verify(kept, "\ud800" * 12)
