"""One daemon's address, or several hosts'."""

import pytest

from argusd.interviewer_bridge.addresses import Addresses


def test_each_is_asked_in_turn() -> None:
    addresses = Addresses("http://a:8015/, https://b,")
    assert addresses.all == ("http://a:8015", "https://b")
    asked = []
    for _ in range(3):
        asked.append(str(addresses.at("/ready?tiers=live")))
        addresses.turn()
    assert asked == [
        "http://a:8015/ready?tiers=live",
        "https://b/ready?tiers=live",
        "http://a:8015/ready?tiers=live",
    ]


@pytest.mark.parametrize("urls", ["", " , "])
def test_none_is_no_address(urls: str) -> None:
    with pytest.raises(ValueError, match="http://host:port"):
        Addresses(urls)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8015",
        "ftp://host",
        "http://",
        "http://host:99999",
        "http://host:0",
        "http://two words",
        "http://host/prefix",
        "http://[::1",
        "https://a,b",
    ],
)
def test_what_nobody_can_connect_to_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="a daemon's address is http://host:port"):
        Addresses(url)


def test_a_forgotten_scheme_is_guessed_and_no_password_repeated() -> None:
    with pytest.raises(ValueError, match=r"not ml:8015; did you mean http://ml:8015\?"):
        Addresses("ml:8015")
    with pytest.raises(ValueError, match="a daemon's address") as caught:
        Addresses("http://user:s3cret@ml")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://[::1]:8015", "https://a.example", "http://127.0.0.1:8015"])
def test_names_and_addresses_of_both_versions_are_hosts(url: str) -> None:
    assert Addresses(url).current == url
