"""What a configured address of Redis may be."""

import pytest

from argusd.api.errors import RedisUrlUnusable
from argusd.api.events.redis_store import connect


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@cache:99999",
        "redis://:s3cret@[cache",
        "redis://:s3cret@cache/0?db=first",
        "redis://:s3cret@cache/0?socket_timeout=soon",
        "redis://:s3cret@cache/0?colour=red",
    ],
)
async def test_an_address_that_is_not_understood_is_told_without_its_password(url: str) -> None:
    with pytest.raises(RedisUrlUnusable) as caught:
        connect(url, timeout_s=1.0)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
