import pytest

from argusd.daemon.address import base_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8015"),
        ("0.0.0.0", "http://127.0.0.1:8015"),
        ("::", "http://[::1]:8015"),
        ("::1", "http://[::1]:8015"),
        ("media.example", "http://media.example:8015"),
    ],
)
def test_where_a_client_on_this_host_finds_the_daemon(host: str, url: str) -> None:
    assert base_url(host, 8015) == url
