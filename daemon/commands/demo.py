"""``argusd demo``: the whole thing on a newcomer's machine; ``make run`` calls it.

Pulls what models it can, starts the daemon, publishes the sample clip through real WebRTC, prints what is
found, and leaves the daemon up until Ctrl-C.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec

from argusd.interviewer_bridge.client import MLOrchestratorClient
from argusd.interviewer_bridge.publish.media import open_file
from argusd.scheduler.contract.events import Event, Gap
from argusd.scheduler.contract.policy import EvidencePolicy, Policy
from argusd.scheduler.zoo.errors import CacheUnusableError
from argusd.scheduler.zoo.manifest import DEFAULT_PACK
from argusd.scheduler.zoo.store import ZooStore

from ..config import Config
from ..demo.desktop import has_desktop, show_page
from ..demo.sample import PACK, sample_clip, sample_file
from ..errors import ChildFailed
from ..events.broadcast import broadcast
from ..events.event_output import EventOutput
from ..events.first import first_of
from ..events.summary import Summary
from ..options import Endpoint, configure_daemon, daemon_config, local_endpoint
from ..served import what_is_served
from ..supervision.child import Child, ChildSpec
from ..supervision.folders import make_folder
from ..supervision.preflight import check_address, require_free_port
from ..supervision.supervisor import describe_exit
from .serve import argusd_child

HELP = {"demo": "pull models, run the daemon, publish the sample clip, print what is found"}

SESSION = "demo"
WITH_EVIDENCE = Policy(evidence=EvidencePolicy(snapshot=True, clip=True))
NEXT_STEPS = """
The daemon stays up, until Ctrl-C. In a browser:
  {url}/review?session=demo   these violations, each with a picture and a clip
  {url}/try                   your own camera
  {url}/                      the dashboard
In another terminal:
  {argusd} publish FILE --session mine     your own recording, through the same WebRTC path
  {argusd} publish --synthetic --session test
  {argusd} events                          everything that is found, as it is found
  {argusd} doctor                          what this machine has and lacks"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_daemon(parser)


def run(args: argparse.Namespace) -> int:
    """Show it, until Ctrl-C."""
    config = daemon_config(args)
    check_address(config.api)
    require_free_port(config)
    print("models: fetching those that are missing …", flush=True)
    pull_what_can_be_had(ZooStore(config.cache_dir, huggingface_token=config.huggingface_token))
    if not sample_file(config.cache_dir).exists():
        print("sample clip: drawing it, this once …", flush=True)
    clip = sample_clip(config.cache_dir)
    return asyncio.run(_show(config, clip))


def pull_what_can_be_had(store: ZooStore) -> None:
    """Pull a model of each role and the sample's parts; what cannot be had is named and left out."""
    try:
        failures = store.pull_each([DEFAULT_PACK, PACK])
    except CacheUnusableError as error:
        failures = {"models": error}
    for name, failure in failures.items():
        print(f"  without {name}: {failure}", flush=True)


async def _show(config: Config, clip: Path) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    make_folder("state_dir", config.state_dir)
    make_folder("runtime_dir", config.runtime_dir)
    daemon = Child(_serve_spec(config), config.runtime_dir)
    running = asyncio.create_task(daemon.run_once())
    try:
        print("daemon: loading the models, and the first time measuring them …", flush=True)
        await first_of(running, daemon.ready.wait(), stop.wait())
        if daemon.ready.is_set() and not stop.is_set():
            endpoint = local_endpoint(config)
            print(f"daemon: up at {endpoint.url}, {await what_is_served(endpoint)}", flush=True)
            await _publish(endpoint, clip, stop)
            await first_of(running, stop.wait())
        clean = await daemon.stop()
        code = await running
        if not stop.is_set():
            raise ChildFailed(f"the daemon ended by itself ({describe_exit(code)})")
        return 0 if clean and code == 0 else 1
    finally:
        daemon.kill()
        daemon.close()


async def _publish(daemon: Endpoint, clip: Path, stop: asyncio.Event) -> None:
    output, summary = EventOutput(json=False), Summary()

    def take(event: Event | Gap) -> None:
        output.show(event)
        summary.add(event)

    async with MLOrchestratorClient(daemon.url, token=daemon.token) as ml:
        await ml.define_session(SESSION, WITH_EVIDENCE)
    print("sample clip: published through WebRTC; what is found:\n", flush=True)
    await broadcast(daemon, SESSION, open_file(str(clip)), take, stop)
    print("\n" + "\n".join(summary.lines()))
    print(NEXT_STEPS.format(url=daemon.url, argusd=sys.argv[0]), flush=True)
    if has_desktop(os.environ, sys.stdout.isatty()):
        await show_page(f"{daemon.url}/try")


def _serve_spec(config: Config) -> ChildSpec:
    # Progress and findings are this command's to print; the daemon's own log speaks up only when it matters.
    quiet = {"ARGUSD_LOG_LEVEL": "warning"} | config.environment
    return argusd_child("serve", ["serve"], msgspec.structs.replace(config, environment=quiet))
