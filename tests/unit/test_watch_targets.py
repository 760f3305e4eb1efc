"""Which addresses a webhook may have, as far as the address itself tells."""

from __future__ import annotations

import pytest

from service.errors import InvalidRecordError
from service.watches.targets import check_target


@pytest.mark.parametrize(
    "url",
    [
        "https://newsroom.example.org/hooks?for=rejoinder",
        "https://newsroom.example.org:8443/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://xn--bcher-kva.example.com/",
        "HTTPS://Example.COM/",
        "https://example.com./",
    ],
)
def test_public_addresses_are_taken(url: str) -> None:
    check_target(url, private=False, field="$.url")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://api.localhost/",
        "https://printer/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://a.0x7f/",
        "https://10.1.2.3/",
        "https://192.168.0.1:8443/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::1/",
        "https://example.org:99999/",
        "https://example.org:25/",
        "https://example.org:6379/",
        "https://user@example.org/",
        "https://user:pass@example.org/",
        "https://",
    ],
)
def test_addresses_inside_and_out_of_order_are_not(url: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        check_target(url, private=False, field="$.url")
    assert caught.value.field == "$.url"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/hook", "http://printer/", "https://10.0.0.1/"])
def test_an_operator_may_open_private_networks(url: str) -> None:
    check_target(url, private=True, field="$.url")


def test_a_name_or_password_is_never_taken() -> None:
    with pytest.raises(InvalidRecordError, match="password"):
        check_target("https://user@10.0.0.1/", private=True, field="$.url")
