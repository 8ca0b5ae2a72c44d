"""Which ports a worker's sessions use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.ice.ports import Ports, parse_ports


@pytest.mark.parametrize(
    ("text", "ports", "second_workers"),
    [
        ("0", Ports(0, 0), Ports(0, 0)),
        (0, Ports(0, 0), Ports(0, 0)),
        ("40000", Ports(40000, 40000), Ports(40001, 40001)),
        (40000, Ports(40000, 40000), Ports(40001, 40001)),
        ("40000-40000", Ports(40000, 40000), Ports(40001, 40001)),
        ("40000-40100", Ports(40000, 40100), Ports(40000, 40100)),
    ],
)
def test_a_port_is_each_workers_own_and_a_range_is_everybodys(
    text: str | int, ports: Ports, second_workers: Ports
) -> None:
    assert parse_ports(text) == ports
    assert ports.of_worker(1) == second_workers


@pytest.mark.parametrize(
    "text", ["", "-", "40000-", "-40000", "a", "40000-39999", "0-100", "65536", "1 - 2", "²"]
)
def test_what_names_no_ports(text: str) -> None:
    with pytest.raises(ValueError, match="port"):
        parse_ports(text)


@given(st.text(max_size=12))
def test_any_text_is_ports_or_refused(text: str) -> None:
    try:
        ports = parse_ports(text)
    except ValueError:
        return
    assert 0 <= ports.first <= ports.last <= 65535


def test_every_port_is_tried_once_from_another_one_each_turn() -> None:
    ports = Ports(7, 9)
    assert [list(ports.starting_at(turn)) for turn in range(4)] == [
        [7, 8, 9],
        [8, 9, 7],
        [9, 7, 8],
        [7, 8, 9],
    ]
