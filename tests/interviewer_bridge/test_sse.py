from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.interviewer_bridge.errors import StreamBroken
from argusd.interviewer_bridge.sse import MAX_MESSAGE, SseMessage, SseParser


def parse(*pieces: bytes) -> list[SseMessage]:
    parser = SseParser()
    return [message for piece in pieces for message in parser.feed(piece)]


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (b"data: one\n\n", [SseMessage("message", "one", "")]),
        (b"event: gap\nid: s:7\ndata: {}\n\n", [SseMessage("gap", "{}", "s:7")]),
        (b"data: a\ndata: b\n\n", [SseMessage("message", "a\nb", "")]),
        (b"data:no space\n\n", [SseMessage("message", "no space", "")]),
        (b"data:  two\n\n", [SseMessage("message", " two", "")]),
        (
            b"id: 1\ndata: a\n\ndata: b\n\n",
            [SseMessage("message", "a", "1"), SseMessage("message", "b", "1")],
        ),
        (b"data: a\r\n\r\ndata: b\r\r", [SseMessage("message", "a", ""), SseMessage("message", "b", "")]),
        (b": comment\nretry: 500\n\n", []),
        (b"event: named\n\ndata: x\n\n", [SseMessage("message", "x", "")]),
        (b"data: not finished\n", []),
        (b"id: a\0b\ndata: x\n\n", [SseMessage("message", "x", "")]),
        (b"data: \xff\n\n", [SseMessage("message", "�", "")]),
    ],
)
def test_messages_as_the_standard_has_them(body: bytes, messages: list[SseMessage]) -> None:
    # A lone CR at the very end waits for what follows; a comment line is what follows.
    assert parse(body, b": more\n") == messages


@given(
    st.text("da:ti\nevn \r", max_size=60).map(str.encode),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_where_the_body_is_cut_does_not_matter(body: bytes, cuts: list[int]) -> None:
    body += b"\n\n"
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[start:end] for start, end in pairwise(edges)]
    assert parse(*pieces) == parse(body)


def test_a_message_without_end_is_refused() -> None:
    parser = SseParser()
    half = b"data: " + b"x" * (MAX_MESSAGE // 2)
    assert list(parser.feed(half)) == []
    with pytest.raises(StreamBroken):
        list(parser.feed(half))
