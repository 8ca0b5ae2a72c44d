// A publisher on libdatachannel, the WebRTC stack of OBS; see `whip_player.mjs` for how it is run.

import datachannel from "node-datachannel";
import {exchange, play} from "./whip_player.mjs";

const RTP = {video: {type: 96, ssrc: 1001}, audio: {type: 111, ssrc: 1002}};

const peer = new datachannel.PeerConnection("publisher", {iceServers: []});
const gathered = new Promise(done => peer.onGatheringStateChange(state => state === "complete" && done()));
const connected = new Promise(done => peer.onStateChange(state => state === "connected" && done()));
const video = new datachannel.Video("video", "SendOnly");
video.addVP8Codec(RTP.video.type);
video.addSSRC(RTP.video.ssrc, "scene", "scene", "video");
const audio = new datachannel.Audio("audio", "SendOnly");
audio.addOpusCodec(RTP.audio.type);
audio.addSSRC(RTP.audio.ssrc, "scene", "scene", "audio");
const tracks = {video: peer.addTrack(video), audio: peer.addTrack(audio)};
peer.setLocalDescription("offer");
await gathered;
peer.setRemoteDescription(await exchange(peer.localDescription().sdp), "answer");
await play(connected, (kind, {sequence, timestamp, marker, payload}) => {
  const header = Buffer.alloc(12);  // RFC 3550, section 5.1
  header.writeUInt8(0x80, 0);
  header.writeUInt8((marker ? 0x80 : 0) | RTP[kind].type, 1);
  header.writeUInt16BE(sequence, 2);
  header.writeUInt32BE(timestamp, 4);
  header.writeUInt32BE(RTP[kind].ssrc, 8);
  tracks[kind].sendMessageBinary(Buffer.concat([header, payload]));
});
