// A publisher on werift, WebRTC in TypeScript; see `whip_player.mjs` for how it is run.

import {MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS, useVP8} from "werift";
import {exchange, play} from "./whip_player.mjs";

const peer = new RTCPeerConnection({
  codecs: {audio: [useOPUS()], video: [useVP8()]},
  bundlePolicy: "max-bundle",
  iceServers: [],
});
const tracks = {};
for (const kind of ["video", "audio"]) {
  tracks[kind] = new MediaStreamTrack({kind});
  peer.addTransceiver(tracks[kind], {direction: "sendonly"});
}
const connected = new Promise(done => {
  peer.connectionStateChange.subscribe(state => state === "connected" && done());
});
await peer.setLocalDescription(await peer.createOffer());
await peer.setRemoteDescription({type: "answer", sdp: await exchange(peer.localDescription.sdp)});
await play(connected, (kind, {sequence, timestamp, marker, payload}) => {
  // The sender puts its own payload type and SSRC in.
  const header = new RtpHeader({payloadType: 96, sequenceNumber: sequence, timestamp, marker});
  tracks[kind].writeRtp(new RtpPacket(header, payload));
});
