"""Arrival times of a socket that is read late."""

import socket
import time

from argusd.ingest.rtp.arrival_clock import ArrivalClock

LATE_S = 0.05
STEP_NS = 1_000_000  # of the wall clock, which the kernel goes by, between two readings of it


def until_the_kernel_notes_times(clock: ArrivalClock, sender: socket.socket, receiver: socket.socket) -> None:
    """It does so from a moment after it was first asked; until then it tells when one is read."""
    for _ in range(200):
        sender.sendto(b"early", receiver.getsockname())
        time.sleep(0.01)
        receiver.recv(100)
        if time.monotonic_ns() - clock.last_ns() > 5_000_000:
            return
    raise AssertionError("the kernel notes no times of arrival")


def test_a_datagram_that_is_read_late_arrived_when_it_was_sent() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        clock = ArrivalClock(receiver)
        until_the_kernel_notes_times(clock, sender, receiver)
        spans = []
        for _ in range(3):
            before = time.monotonic_ns()
            sender.sendto(b"late", receiver.getsockname())
            spans.append((before, time.monotonic_ns()))
            time.sleep(LATE_S)
        for before, after in spans:
            receiver.recv(100)
            assert before - STEP_NS <= clock.last_ns() <= after + STEP_NS


def test_a_socket_that_tells_no_time_is_read_in_time() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
        for clock in (ArrivalClock(stream), ArrivalClock(None)):
            before = time.monotonic_ns()
            assert before <= clock.last_ns() <= time.monotonic_ns()
