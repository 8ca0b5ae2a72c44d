"""The systems that are compared: the daemon, and what people would take instead."""

import base64
import sys
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Self
from urllib.parse import urlencode

import msgspec

from ..rigs.cache import CACHE
from ..serving.server import Command
from ..serving.system import Start, Starting, System, url
from ..serving.work import Answer, Request, Work
from .environments import ours, python_of
from .settings import TUNED, Settings

JSON, JPEG = "application/json", "image/jpeg"
HERE = "argusd.benchmarks.rivals.servers"
PATHS = {
    "face_embed": ("/face/embed", "image_b64"),
    "video_room_scan": ("/video/room-scan/frame", "frame_b64"),
}
SCAN_NUMBERS = count()
CURVES = CACHE / "benchmarks"


class Argusd:
    """The daemon, of this tree or of another. ``variables``: of its environment.

    ``as_json``: pictures are sent as base64 in JSON, which every version takes, and not as they are.
    """

    def __init__(
        self, name: str = "argusd", variables: Mapping[str, str] | None = None, as_json: bool = False
    ) -> None:
        self.name = name
        self._variables = {"ARGUSD_API__OVERCOMMIT": "true"} | dict(variables or {})
        self._as_json = as_json

    def start(self, start: Start) -> Starting:
        """All its processes, with a state directory that holds nothing but batch curves of earlier starts."""
        port, curves = start.ports[0], CURVES / self.name
        curves.mkdir(parents=True, exist_ok=True)
        (start.folder / "curves").symlink_to(curves)
        words = [sys.executable, "-P", "-m", "argusd.daemon", "serve", "--port", str(port)]
        command = Command([*words, "--state-dir", str(start.folder)], self._variables)
        return Starting([command], [url(port), url(port, "/ready?tiers=live,bulk")])

    def request(self, work: Work, jpeg: bytes) -> Request:
        """By the task's own path. Every frame is a scan of its own, looked at once, as by the others."""
        path, field = PATHS[work.task]
        fields: dict[str, str | bool] = {"session_id": "benchmark"}
        if work.domain == "video":
            fields |= {"scan_id": f"scan{next(SCAN_NUMBERS)}", "economy": True}
        if not self._as_json:
            return Request(f"{path}?{urlencode(fields)}", jpeg, JPEG)
        return Request(path, msgspec.json.encode({**fields, field: base64.b64encode(jpeg).decode()}), JSON)

    def result(self, body: bytes) -> Answer:
        """Inside the envelope."""
        answer: Answer = msgspec.json.decode(body)["result"]
        return answer


class Plain:
    """The plain design: four processes, as ``plain_proxy`` and ``plain_service`` describe."""

    name = "plain"

    def start(self, start: Start) -> Starting:
        """The proxy and the three services."""
        python, variables = str(python_of("plain")), ours(start.folder)
        commands = [self._front(python, variables, start.ports)]
        for domain, port in zip(("face", "video", "audio"), start.ports[1:], strict=True):
            words = [python, "-P", "-m", f"{HERE}.plain_service", domain, str(port)]
            commands.append(Command(words, variables))
        return Starting(commands, [url(port) for port in start.ports])

    def _front(self, python: str, variables: Mapping[str, str], ports: Sequence[int]) -> Command:
        return Command([python, "-P", "-m", f"{HERE}.plain_proxy", *map(str, ports)], variables)

    def request(self, work: Work, jpeg: bytes) -> Request:
        """JSON with base64, by the proxy."""
        body = {"image_b64": base64.b64encode(jpeg).decode()}
        return Request(f"/ml/{work.domain}/infer", msgspec.json.encode(body), JSON)

    def result(self, body: bytes) -> Answer:
        """The answer itself."""
        answer: Answer = msgspec.json.decode(body)
        return answer


class PlainWebRTC(Plain):
    """The plain design behind stock aiortc: ``plain_webrtc`` and the three services."""

    def _front(self, python: str, variables: Mapping[str, str], ports: Sequence[int]) -> Command:  # noqa: ARG002
        return Command([sys.executable, "-P", "-m", f"{HERE}.plain_webrtc", *map(str, ports)])


class OneTask:
    """A rival whose server, ``servers/{NAME}.py``, does one task with its own settings for each.

    ``ready``: a path that answers once it serves. ``path``: where it is asked, with the JPEG itself or
    (``as_json``) with base64 in JSON. ``settings``: in place of those that are kept for it.
    """

    def __init__(
        self, name: str, ready: str, path: str, as_json: bool = False, settings: Settings | None = None
    ) -> None:
        self.name = name if settings is None else f"{name} {settings}"
        self._program = name
        self._ready = ready
        self._path = path
        self._as_json = as_json
        self._settings = settings

    def set_to(self, settings: Settings) -> Self:
        """The same server, otherwise set."""
        return type(self)(self._program, self._ready, self._path, self._as_json, settings)

    def start(self, start: Start) -> Starting:
        """Its server."""
        assert start.work is not None, f"{self.name} has no streams"
        settings = self._settings or TUNED[self._program, start.work.task]
        words = [str(python_of(self._program)), "-P", "-m", f"{HERE}.{self._program}"]
        words += [start.work.task, str(start.ports[0]), *settings.arguments()]
        command = Command(words, ours(start.folder))
        return Starting([command], [url(start.ports[0]), url(start.ports[0], self._ready)])

    def request(self, work: Work, jpeg: bytes) -> Request:  # noqa: ARG002  # it does no other
        """A JPEG, as it likes it."""
        if not self._as_json:
            return Request(self._path, jpeg, JPEG)
        return Request(self._path, msgspec.json.encode({"image_b64": base64.b64encode(jpeg).decode()}), JSON)

    def result(self, body: bytes) -> Answer:
        """The answer itself."""
        answer: Answer = msgspec.json.decode(body)
        return answer


class PyTriton(OneTask):
    """nvidia-pytriton speaks KServe v2: tensors of byte strings in JSON."""

    def __init__(self) -> None:
        super().__init__("pytriton", "/v2/models/task/ready", "/v2/models/task/infer")

    def request(self, work: Work, jpeg: bytes) -> Request:  # noqa: ARG002  # it does no other
        """One byte string, base64."""
        picture = base64.b64encode(jpeg).decode()
        tensor = {"name": "jpeg", "shape": [1, 1], "datatype": "BYTES", "data": [picture]}
        return Request(self._path, msgspec.json.encode({"inputs": [tensor]}), JSON)

    def result(self, body: bytes) -> Answer:
        """Its one output is JSON again."""
        return super().result(msgspec.json.decode(body)["outputs"][0]["data"][0])


LIBRARIES = (
    OneTask("mosec", "/", "/inference"),
    OneTask("litserve", "/health", "/predict", as_json=True),
    OneTask("aqueduct", "/", "/"),
)
RIVALS: dict[str, System] = {system.name: system for system in (Plain(), *LIBRARIES, PyTriton())}
STREAMING_BY_WEBRTC: dict[str, System] = {"plain": PlainWebRTC()}
USUAL = tuple(name for name in RIVALS if name != "pytriton")
"""pytriton is measured where it is asked for: it does not start with every Python that argusd runs with."""
