"""A path between two sockets: what it does to packets follows from their numbers."""

import asyncio

import pytest

from argusd.benchmarks.peers.impaired_path import Ear, ImpairedPath, Impairment, without_candidates

from ..waiting import LONGEST_S

PACKETS = 2000
CANDIDATE = "a=candidate:1 1 udp 1 127.0.0.1 {} typ host\r\n"


def arrivals(**shares: float) -> list[tuple[float, ...]]:
    impairment = Impairment(**shares)  # type: ignore[arg-type]
    return [impairment.arrivals(number) for number in range(PACKETS)]


def test_a_clean_path_brings_every_packet_once_and_at_once() -> None:
    assert set(arrivals()) == {(0.0,)}


@pytest.mark.parametrize(("share", "what"), [(0.25, "loss"), (0.1, "duplicate"), (0.2, "reorder")])
def test_about_the_given_share_is_hit_and_in_every_run_the_same(share: float, what: str) -> None:
    hit = [each != (0.0,) for each in arrivals(**{what: share})]
    assert sum(hit) == pytest.approx(share * PACKETS, rel=0.2)
    assert hit == [each != (0.0,) for each in arrivals(**{what: share})]
    assert hit != [each != (0.0,) for each in arrivals(**{what: share}, seed=2)]


def test_a_burst_shares_its_fate() -> None:
    lost = [not each for each in arrivals(loss=0.25, burst=8)]
    assert all(len(set(lost[at : at + 8])) == 1 for at in range(0, PACKETS, 8))
    assert sum(lost) == pytest.approx(0.25 * PACKETS, rel=0.3)


def test_delays_lie_between_the_least_and_the_most() -> None:
    times = [after_s for each in arrivals(delay_s=0.1, jitter_s=0.05) for after_s in each]
    assert 0.1 <= min(times) < max(times) <= 0.15


class Socket:
    """One end of the path. ``heard``: what came to it, and from where."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()

    async def open(self) -> int:
        loop = asyncio.get_running_loop()
        ear = Ear(lambda data, address: self.heard.put_nowait((data, address)))
        self.transport, _ = await loop.create_datagram_endpoint(lambda: ear, local_addr=("127.0.0.1", 0))
        port: int = self.transport.get_extra_info("sockname")[1]
        return port


async def test_it_stands_between_both_and_passes_on_what_is_not_lost() -> None:
    publisher, worker = Socket(), Socket()
    await publisher.open()
    path = ImpairedPath(Impairment(loss=0.25))
    answer = await path.open(f"v=0\r\n{CANDIDATE.format(await worker.open())}a=end-of-candidates\r\n")
    port = int(answer.split(" 127.0.0.1 ")[1].split()[0])
    assert answer == (
        f"v=0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\na=end-of-candidates\r\n"
    )
    kept_up, kept_down = ([n for n in range(100) if path.impairment.arrivals(2 * n + up)] for up in (1, 0))
    for number in range(100):
        publisher.transport.sendto(bytes([number]), ("127.0.0.1", port))
    heard = [await asyncio.wait_for(worker.heard.get(), LONGEST_S) for _ in kept_up]
    assert [data[0] for data, _ in heard] == kept_up
    for number in range(100):
        worker.transport.sendto(bytes([number]), heard[0][1])
    back = [await asyncio.wait_for(publisher.heard.get(), LONGEST_S) for _ in kept_down]
    assert [data[0] for data, _ in back] == kept_down
    assert (path.sent, path.lost) == (200, 200 - len(kept_up) - len(kept_down))
    path.close()
    for end in (publisher, worker):
        end.transport.close()


def test_an_offer_without_candidates_is_else_as_it_was() -> None:
    assert (
        without_candidates(f"v=0\r\n{CANDIDATE.format(9)}{CANDIDATE.format(10)}a=b\r\n") == "v=0\r\na=b\r\n"
    )
