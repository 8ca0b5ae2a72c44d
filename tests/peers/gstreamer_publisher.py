"""A GStreamer WHIP publisher: webrtcbin, as an embedded camera or a broadcaster's pipeline has it.

Runs in the system's Python, where GStreamer's bindings are: ``gstreamer_publisher.py ENDPOINT CLIP CODEC``,
CODEC being vp8 or h264. It plays the clip once, says ``published`` when the answer is taken, ``connected``
when media can flow, and deletes its resource at the end or at Ctrl-C. A refusal is an error.
"""

import signal
import sys
import urllib.error
import urllib.request
from urllib.parse import urljoin

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

# Keyframes come often, as a live encoder's do.
ENCODERS = {
    "vp8": "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=30 target-bitrate=800000 ! rtpvp8pay pt=96",
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=800"
    " ! video/x-h264,profile=constrained-baseline ! rtph264pay pt=96 config-interval=-1 aggregate-mode=1",
}
PIPELINE = """
    filesrc location={clip} ! decodebin name=clip
    clip. ! videoconvert ! videoscale ! video/x-raw,format=I420 ! clocksync ! queue ! {encoder} ! webrtc.
    clip. ! audioconvert ! audioresample ! clocksync ! queue ! opusenc ! rtpopuspay pt=111 ! webrtc.
    webrtcbin name=webrtc bundle-policy=max-bundle
"""


class Publisher:
    """One WHIP session, from the pipeline's start to its end."""

    def __init__(self, endpoint: str, clip: str, codec: str) -> None:
        self._endpoint = endpoint
        self._loop = GLib.MainLoop()
        self._resource = ""
        self._failure = ""
        self._pipeline = Gst.parse_launch(PIPELINE.format(clip=clip, encoder=ENCODERS[codec]))
        self._webrtc = self._pipeline.get_by_name("webrtc")
        self._webrtc.connect("on-negotiation-needed", self._create_offer)
        self._webrtc.connect("notify::ice-gathering-state", self._gathered)
        self._webrtc.connect("notify::connection-state", self._connection_changed)
        bus = self._pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::eos", lambda *_: self._loop.quit())
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT, self._loop.quit)
        bus.connect("message::error", lambda _, message: self._fail(message.parse_error()[0].message))

    def run(self) -> str:
        """Publish to the end; returns what went wrong, or nothing."""
        self._pipeline.set_state(Gst.State.PLAYING)
        self._loop.run()
        if self._resource:
            urllib.request.urlopen(urllib.request.Request(self._resource, method="DELETE"))
        self._pipeline.set_state(Gst.State.NULL)
        return self._failure

    def _create_offer(self, webrtc: "Gst.Element") -> None:
        promise = Gst.Promise.new_with_change_func(self._offer_created)
        webrtc.emit("create-offer", None, promise)

    def _offer_created(self, promise: "Gst.Promise") -> None:
        reply = promise.get_reply()  # it owns the offer: both have to outlive the call
        offer = reply.get_value("offer")
        self._webrtc.emit("set-local-description", offer, None)

    def _gathered(self, *_: object) -> None:
        if self._webrtc.props.ice_gathering_state == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self._exchange)

    def _exchange(self) -> bool:
        offer = self._webrtc.props.local_description.sdp.as_text()
        headers = {"Content-Type": "application/sdp"}
        try:
            request = urllib.request.Request(self._endpoint, offer.encode(), headers)
            with urllib.request.urlopen(request) as answer:
                self._resource = urljoin(self._endpoint, answer.headers["Location"])
                self._take(answer.read().decode())
        except urllib.error.HTTPError as refusal:
            self._fail(f"{refusal.code} {refusal.read().decode()}")
        return False  # an idle function that need not run again

    def _take(self, answer: str) -> None:
        _, message = GstSdp.SDPMessage.new_from_text(answer)
        kind = GstWebRTC.WebRTCSDPType.ANSWER
        description = GstWebRTC.WebRTCSessionDescription.new(kind, message)
        self._webrtc.emit("set-remote-description", description, None)
        print("published", flush=True)  # noqa: T201

    def _connection_changed(self, *_: object) -> None:
        state = self._webrtc.props.connection_state
        if state == GstWebRTC.WebRTCPeerConnectionState.CONNECTED:
            print("connected", flush=True)  # noqa: T201
        elif state == GstWebRTC.WebRTCPeerConnectionState.FAILED:
            self._fail("the connection failed")

    def _fail(self, why: str) -> None:
        self._failure = self._failure or why
        self._loop.quit()


if __name__ == "__main__":
    Gst.init(None)
    sys.exit(Publisher(*sys.argv[1:]).run() or 0)
