"""Which of an offer's encodings are agreed upon, by names or by groups of SSRCs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.offers.capabilities import RID
from argusd.ingest.offers.negotiation import negotiate
from argusd.ingest.offers.simulcast import (
    MAX_LAYERS,
    ONE_LAYER,
    Layers,
    agreed_layers,
    simulcast_lines,
)

from .test_answer import answer_to
from .test_negotiation import OFFERS

CHROMIUM = OFFERS["chromium-156-simulcast"]


def agreed(*lines: str, extensions: tuple[str, ...] = (RID,)) -> Layers:
    """What is received of a section with these attributes, and the payload types 96 and 98."""
    attributes: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        attributes.setdefault(name, []).append(value)
    return agreed_layers(attributes, (96, 98), extensions)


def test_a_browsers_encodings_are_all_taken() -> None:
    """Of three that begin with the smallest, one that is asked for alone comes smaller than beside others."""
    assert negotiate(CHROMIUM).layers == Layers({"q": (), "h": (), "f": ()}, 3)
    lines = answer_to(CHROMIUM).split("m=video")[1].splitlines()
    assert [line for line in lines if "rid" in line or "simulcast" in line] == [
        "a=rid:q recv",
        "a=rid:h recv",
        "a=rid:f recv",
        "a=simulcast:recv q;h;f",
    ]
    assert any(RID in line for line in lines)


def test_without_simulcast_there_is_one() -> None:
    assert negotiate(OFFERS["chromium-156-default"]).layers == ONE_LAYER
    assert "simulcast" not in answer_to(OFFERS["chromium-156-default"])


def test_names_that_no_packet_would_carry_are_of_no_use() -> None:
    assert agreed("rid:q send", "rid:f send", "simulcast:send q;f", extensions=()) == ONE_LAYER


@pytest.mark.parametrize(
    ("lines", "rids"),
    [
        # RFC 8853 section 5.1: alternatives, and encodings that begin paused.
        (("simulcast:send 1,4;~2;3 recv 5",), {"1": (), "2": (), "3": ()}),
        (("simulcast:recv 5 send 1;2",), {"1": (), "2": ()}),
        (("simulcast:send 1;2;unknown",), {"1": (), "2": ()}),
        (("simulcast:recv 1;2",), {}),
        (("simulcast:send 1",), {}),
        (("simulcast:send",), {}),
        (("simulcast:send ;;,~",), {}),
    ],
)
def test_what_is_sent_is_read_of_every_form(lines: tuple[str, ...], rids: dict[str, tuple[int, ...]]) -> None:
    names = [f"rid:{name} send" for name in "1234"]
    assert agreed(*names, *lines).rids == rids


def test_an_encoding_in_a_codec_that_is_not_taken_is_left_out() -> None:
    """RFC 8851 section 6.3: the answer keeps of a restriction what it agrees to."""
    layers = agreed(
        "rid:1 send pt=96,97;max-width=1280",
        "rid:2 send pt=97",
        "rid:3 send max-height=180; pt=98",
        "rid:4 recv",
        "simulcast:send 1;2;3;4",
    )
    assert layers == Layers({"1": (96,), "3": (98,)}, 2)
    assert list(simulcast_lines(layers)) == [
        "a=rid:1 recv pt=96",
        "a=rid:3 recv pt=98",
        "a=simulcast:recv 1;3",
    ]


def test_however_many_are_offered_few_are_taken() -> None:
    names = [str(number) for number in range(50)]
    layers = agreed(*(f"rid:{name} send" for name in names), f"simulcast:send {';'.join(names)}")
    assert list(layers.rids) == names[:MAX_LAYERS]
    assert layers.number == MAX_LAYERS
    assert agreed(f"ssrc-group:SIM {' '.join(names)}").number == MAX_LAYERS


def test_the_older_form_groups_ssrcs_and_says_which_repairs_which() -> None:
    layers = agreed(
        "ssrc-group:SIM 1 2 3", "ssrc-group:FID 1 11", "ssrc-group:FID 2 12", "ssrc-group:FID 3 13"
    )
    assert layers == Layers({}, 3, {11: 1, 12: 2, 13: 3})
    assert list(simulcast_lines(layers)) == []
    assert agreed("ssrc-group:FID 1 11") == ONE_LAYER


@given(
    st.lists(
        st.tuples(st.sampled_from(["rid", "simulcast", "ssrc-group"]), st.text("send recvSIMFID;,~=pt 0129"))
    )
)
def test_any_text_is_simulcast_or_none(lines: list[tuple[str, str]]) -> None:
    layers = agreed(*(f"{name}:{value}" for name, value in lines))
    assert len(layers.rids) <= layers.number <= MAX_LAYERS
    assert all("\n" not in line for line in simulcast_lines(layers))
