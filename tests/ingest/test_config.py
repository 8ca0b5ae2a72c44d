"""Settings that make no sense are refused by name."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from argusd.ingest.config import IngestConfig


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"slots": 1}, "slots"),
        ({"slots": 0}, "slots"),
        ({"max_sessions": 0}, "max_sessions"),
        ({"arena_mib": 10**20}, "arena_mib"),
        ({"worker": 2, "workers": 2}, "worker"),
        ({"pcm_seconds": 7.0}, "pcm_seconds"),
        ({"start_bitrate_kbps": 0}, "start_bitrate_kbps"),
        ({"max_bitrate_kbps": -1}, "max_bitrate_kbps"),
        ({"stale_s": 10.0, "closed_s": 10.0}, "stale_s"),
        ({"advertised_addresses": ("media.example.net",)}, "advertised_addresses"),
        ({"advertised_addresses": ("203.0.113.0/24",)}, "advertised_addresses"),
        ({"advertised_addresses": ("203.0.113.7", "0.0.0.0")}, "advertised_addresses"),
        ({"advertised_addresses": ("255.255.255.255",)}, "advertised_addresses"),
        ({"advertised_addresses": ("224.0.0.1",)}, "advertised_addresses"),
        ({"advertised_addresses": ("fe80::1%eth0",)}, "advertised_addresses"),
        ({"advertised_addresses": ("2001:db8::1%eth0",)}, "advertised_addresses"),
        ({"advertised_addresses": ("fe80::1",)}, "advertised_addresses"),
        ({"advertised_addresses": ("::ffff:203.0.113.7",)}, "advertised_addresses"),
        ({"ice_addresses": ("fe80::1%eth0",)}, "ice_addresses"),
        ({"hide_own_addresses": True}, "hide_own_addresses"),
    ],
)
def test_a_bad_setting_is_named(settings: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        msgspec.convert({"runtime_dir": Path("run"), **settings}, IngestConfig)


def test_the_socket_is_named_after_the_worker() -> None:
    config = IngestConfig(runtime_dir=Path("run"), worker=1, workers=2)
    assert config.socket_path == Path("run/ingest-1.sock")
