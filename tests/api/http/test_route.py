"""What a path takes: who may get an answer may ask for its head alone, as load balancers and monitors do."""

import pytest

from ..fixtures import Rig


@pytest.mark.parametrize(
    "path", ["/health", "/ready", "/", "/docs", "/metrics", "/openapi.json", "/sessions/s9"]
)
async def test_the_head_of_an_answer_says_what_the_whole_would(rig: Rig, path: str) -> None:
    async with rig.api.http.get(rig.api.url + path) as whole, rig.api.http.head(rig.api.url + path) as head:
        assert head.status == whole.status
        assert head.content_type == whole.content_type
        assert await head.read() == b""
        assert whole.headers["Server"] == head.headers["Server"] == "argusd"


@pytest.mark.parametrize("path", ["/events", "/sessions/s1/events", "/ml/stream/s1/face"])
async def test_what_goes_on_has_no_head_to_ask_for(rig: Rig, path: str) -> None:
    async with rig.api.http.head(rig.api.url + path) as refused:
        assert refused.status == 405
        assert "HEAD" not in refused.headers["Allow"]
