// A werift WHIP publisher: `node werift_publisher.mjs ENDPOINT PACKETS`, run where the package is installed.
//
// PACKETS holds one RTP payload a line, as JSON: kind, at (seconds), timestamp, marker, payload (base64). They
// are sent once, at their times. It says `published` when the answer is taken, `connected` when media can flow,
// and deletes its resource at the end or at Ctrl-C. A refusal is printed, with exit status 1.

import {readFileSync} from "node:fs";
import {setTimeout as sleep} from "node:timers/promises";
import {MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS, useVP8} from "werift";

const [endpoint, packets] = process.argv.slice(2);

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
const connected = new Promise((resolve, reject) => {
  peer.connectionStateChange.subscribe(state => {
    if (state === "connected") resolve();
    if (state === "failed") reject(new Error("the connection failed"));
  });
});

const resource = await publish();
console.log("published");
await connected;
console.log("connected");
process.on("SIGINT", leave);
await play();
await leave();

async function leave() {
  await fetch(resource, {method: "DELETE"});
  process.exit(0);
}

async function publish() {
  await peer.setLocalDescription(await peer.createOffer());
  const headers = {"Content-Type": "application/sdp"};
  const answer = await fetch(endpoint, {method: "POST", headers, body: peer.localDescription.sdp});
  if (answer.status !== 201) {
    console.error(answer.status, await answer.text());
    process.exit(1);
  }
  await peer.setRemoteDescription({type: "answer", sdp: await answer.text()});
  return new URL(answer.headers.get("Location"), endpoint);
}

async function play() {
  const begin = performance.now();
  const sequence = {video: 0, audio: 0};
  for (const line of readFileSync(packets, "utf-8").trimEnd().split("\n")) {
    const {kind, at, timestamp, marker, payload} = JSON.parse(line);
    const early = begin + at * 1000 - performance.now();
    if (early > 0) await sleep(early);
    const sequenceNumber = sequence[kind]++ & 0xffff;
    // The sender puts its own payload type and SSRC in.
    const header = new RtpHeader({payloadType: 96, sequenceNumber, timestamp, marker});
    tracks[kind].writeRtp(new RtpPacket(header, Buffer.from(payload, "base64")));
  }
}
