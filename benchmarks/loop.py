"""The loop: what a row costs the interpreter, in microseconds of one thread's CPU time.

*loop*: the scheduler as it is, over real rings, with the real analyzers of 1,000 sessions; its engines and
decodes take no time. Everything runs on one thread: a tick (receive, plan, open, hand over), the executor's
job without the model, and the absorbing. *decode* and *absorb*: each model's and each analyzer's own, alone.
"""

import asyncio
import time
from collections.abc import Callable

from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.contract.catalog import StreamName
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR, VAD
from argusd.scheduler.contract.streams.interview import AUDIO, FACE, LIPSYNC, VIDEO
from argusd.scheduler.core import Moment

from .harness import Metric, Result, machine
from .rigs.instant import RATES, Loop
from .rigs.outputs import HEIGHT, WIDTH, Decoding, decodings, outputs

SESSIONS = 1000
BATCHES = (1, 8, 64)
TARGETS = {"centernet": "<= 60"}
ABSORBED = {
    FACE.name: (FACE_DETECTOR, FACE_MESH),
    VIDEO.name: (OBJECT_DETECTOR,),
    AUDIO.name: (VAD,),
    LIPSYNC.name: (FACE_DETECTOR, FACE_MESH, VAD),
}


def main(quick: bool) -> Result:
    """Each decode, each absorb, and the loop."""
    repeats = 5 if quick else 25
    served = 0
    metrics: dict[str, Metric] = {}
    for name, decoding in decodings().items():
        for batch in BATCHES:
            taken = decode_cost(decoding, batch, repeats)
            served += batch * repeats
            target = TARGETS.get(name, "")
            metrics[f"decode_{name}_{batch}"] = Metric(taken, "us", f"batches of {batch}", None, target)
    for stream, roles in ABSORBED.items():
        for role in roles:
            taken = absorb_cost(stream, role, 20 * repeats)
            served += 20 * repeats
            metrics[f"absorb_{stream}_{role}"] = Metric(taken, "us", "an output", None, "<= 30")
    cost = asyncio.run(Loop(SESSIONS).run(seconds=1.0 if quick else 3.0))
    assert cost.rows > 0, "the loop served nothing"
    metrics["loop"] = Metric(
        cost.tick_us + cost.absorb_us, "us", f"a row, {SESSIONS} sessions", None, "<= 10"
    )
    metrics["loop_tick"] = Metric(cost.tick_us, "us", "of it: receive, plan, open, hand over")
    metrics["loop_absorb"] = Metric(cost.absorb_us, "us", "of it: moments, analyzers, findings")
    metrics["executor"] = Metric(cost.job_us, "us", "a row, in the executor's thread, without the model")
    return Result("loop", machine(), served + cost.rows, metrics)


def decode_cost(decoding: Decoding, batch: int, repeats: int) -> float:
    """Microseconds a row, the best of ``repeats``; each row shows what it must."""
    tensors = decoding.tensors(batch)
    found = decoding.outputs(tensors)
    assert len(found) == batch, "there is an output for each row"
    assert all(map(decoding.found, found)), "they show what was put in"
    return best(lambda: decoding.outputs(tensors), repeats) / batch * 1e6


def absorb_cost(stream: StreamName, role: str, many: int) -> float:
    """Microseconds that an analyzer takes for an output, over so many of them."""
    analyzer, known = ANALYZERS[stream](Policy(rates=RATES)), outputs()
    moments = [
        Moment(n * 0.1, 1000 + n * 0.1, 50.0, WIDTH, HEIGHT, lasts_s=0.032, on_sender_clock=True)
        for n in range(many)
    ]
    if role == FACE_MESH:
        analyzer.absorb(FACE_DETECTOR, known[FACE_DETECTOR], moments[0])

    def absorb() -> None:
        for at in moments:
            analyzer.absorb(role, known[role], at)

    taken = best(absorb, 1) / many
    told = analyzer.latest()
    wanted = {FACE.name: "face_count", VIDEO.name: "objects", AUDIO.name: "has_speech"}.get(stream)
    assert wanted is None or role == FACE_MESH or told[wanted], "it tells what it was shown"
    return taken * 1e6


def best(run: Callable[[], object], repeats: int) -> float:
    """Seconds of this thread's time, at the best of so many times."""
    taken = []
    for _ in range(repeats):
        begun = time.thread_time()
        run()
        taken.append(time.thread_time() - begun)
    return min(taken)
