// What a publisher in Node does whatever its WebRTC stack: WHIP (RFC 9725), and packets sent at their times.
//
// A publisher is run as `node PUBLISHER ENDPOINT PACKETS`. PACKETS holds one RTP payload a line, as JSON: kind, at
// (seconds), timestamp, marker, payload (base64). They are sent once. A publisher says `published` when the answer
// is taken, `connected` when media can flow, and deletes its resource at the end or at Ctrl-C. A refusal is printed,
// with exit status 1.

import {readFileSync} from "node:fs";
import {setTimeout as sleep} from "node:timers/promises";

const [endpoint, packets] = process.argv.slice(2);
let resource;

// The answer to an offer.
export async function exchange(offer) {
  const headers = {"Content-Type": "application/sdp"};
  const answer = await fetch(endpoint, {method: "POST", headers, body: offer});
  if (answer.status !== 201) {
    console.error(answer.status, await answer.text());
    process.exit(1);
  }
  resource = new URL(answer.headers.get("Location"), endpoint);
  return await answer.text();
}

// Give each payload to `send(kind, {sequence, timestamp, marker, payload})` when it is due; then say goodbye.
export async function play(connected, send) {
  console.log("published");
  process.on("SIGINT", leave);
  await connected;
  console.log("connected");
  const begin = performance.now();
  const sequence = {video: 0, audio: 0};
  for (const line of readFileSync(packets, "utf-8").trimEnd().split("\n")) {
    const {kind, at, timestamp, marker, payload} = JSON.parse(line);
    const early = begin + at * 1000 - performance.now();
    if (early > 0) await sleep(early);
    send(kind, {sequence: sequence[kind]++ & 0xffff, timestamp, marker, payload: Buffer.from(payload, "base64")});
  }
  await leave();
}

async function leave() {
  await fetch(resource, {method: "DELETE"});
  process.exit(0);
}
