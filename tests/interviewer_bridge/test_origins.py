"""Where a token may go when answers name other hosts."""

import pytest
from yarl import URL

from argusd.interviewer_bridge.origins import may_have_token

DOOR, HOST, THIRD = "https://door", "https://host:8015", "https://third"


@pytest.mark.parametrize(
    ("path", "end", "target", "may"),
    [
        pytest.param([], DOOR, "https://door/whip/s/x", True, id="no redirect, the daemon itself"),
        pytest.param([], DOOR, "https://third/whip/s/x", False, id="no redirect, another host"),
        pytest.param([], DOOR, "https://door:8016/whip/s/x", False, id="another port is another origin"),
        pytest.param([], DOOR, "http://door/whip/s/x", False, id="in the clear what was encrypted"),
        pytest.param([(DOOR, 307)], HOST, "https://host:8015/x", True, id="where the 307 led"),
        pytest.param([(DOOR, 308)], HOST, "https://host:8015/x", True, id="where the 308 led"),
        pytest.param([(DOOR, 302)], HOST, "https://host:8015/x", False, id="302 is no way to send on"),
        pytest.param([(DOOR, 307)], HOST, "https://third/x", False, id="the host names a third one"),
        pytest.param([(DOOR, 307)], HOST, "https://door/x", True, id="the host names the front door"),
        pytest.param([(DOOR, 307), (THIRD, 307)], HOST, "https://host:8015/x", True, id="by two doors"),
        pytest.param([(DOOR, 307), (THIRD, 307)], HOST, "https://third/x", False, id="a door on the way"),
        pytest.param([(DOOR, 307)], "http://host", "http://host/x", False, id="led into the clear"),
        pytest.param([("http://door", 307)], "http://host", "http://host/x", True, id="never encrypted"),
    ],
)
def test_who_gets_the_token(path: list[tuple[str, int]], end: str, target: str, may: bool) -> None:
    assert may_have_token(URL(target), [(URL(url), status) for url, status in path], URL(end)) is may
