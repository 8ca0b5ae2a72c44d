"""A worker without models, for a scheduler that stands by: it answers with its process id."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

from argusd.daemon.supervision.notify import READY, notify
from argusd.ingest.ipc.channel import Channel, Listener
from argusd.scheduler.contract.messages import (
    Left,
    RoleStatus,
    SchedulerStats,
    Stopped,
    TaskDone,
    TaskRequest,
    ToScheduler,
)

BOOT = str(os.getpid())
ROLE = RoleStatus("ocr", "reader", ready=True, detail="", load_seconds=1.0, live=False)
STATS = SchedulerStats(BOOT, "cpu", [ROLE], {}, 0, 1.0, {}, {}, {}, {}, {})


async def serve(folder: Path) -> None:
    """Until asked to end; then until the other end has left.

    ``hold`` is not answered, ``die`` is the end, ``hang up`` that of the connection alone.
    """
    stop, left = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    channels: list[Channel[ToScheduler]] = []

    def received(message: ToScheduler) -> None:
        if isinstance(message, Left):
            left.set()
        elif isinstance(message, TaskRequest):
            if message.task_type == "die":
                os._exit(75)
            if message.task_type == "hang up":
                channels.pop().close()
            elif message.task_type != "hold":
                result = {"pid": os.getpid(), "timeout_s": message.timeout_s}
                channels[-1].send(TaskDone(message.request, result, {}, 0.1))

    def accept(sock: socket.socket) -> None:
        channels.append(Channel(sock, ToScheduler, received))
        channels[-1].send(STATS)

    Listener(folder / "scheduler-bulk.sock", accept)
    notify(os.environ["NOTIFY_SOCKET"], READY)
    await stop.wait()
    for channel in channels:
        channel.send(Stopped(BOOT, 0))
        await left.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
