"""Which addresses may be spoken to."""

from __future__ import annotations

import pytest

from service.outbound.addresses import may_connect

CLOSED = [
    *("127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"),
    *("::1", "fd00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1"),
]
ALWAYS_CLOSED = [
    *("0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1"),  # noqa: S104 - an address to refuse
    *("168.63.129.16", "198.18.0.1", "192.0.0.8", "::ffff:169.254.169.254", "::ffff:0.0.0.0"),
    *("::", "fe80::1", "fe80::1%eth0", "2606:4700::1111%1", "ff02::1", "fec0::1", "2001:db8::1", "::7f00:1"),
    *("2002:7f00:1::", "2002:808:808::", "2001:0:4136:e378::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1"),
    *("example.org", "", "2130706433", "127.1", "0x7f.0.0.1"),
]
OPEN = ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", CLOSED)
def test_own_networks_are_open_only_to_who_asks_for_them(address: str) -> None:
    assert not may_connect(address, 443, private=False)
    assert may_connect(address, 12_345, private=True)


@pytest.mark.parametrize("address", ALWAYS_CLOSED)
def test_what_is_no_host_of_anybody_is_always_closed(address: str) -> None:
    assert not may_connect(address, 443, private=False)
    assert not may_connect(address, 443, private=True)


@pytest.mark.parametrize("address", OPEN)
def test_public_addresses_are_open_on_ports_of_the_web(address: str) -> None:
    assert all(may_connect(address, port, private=False) for port in (80, 443, 8000, 8443, 8999))
    assert not any(may_connect(address, port, private=False) for port in (0, 22, 25, 6379, 9000, 9100))
    assert may_connect(address, 12_345, private=True)
