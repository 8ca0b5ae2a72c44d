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
