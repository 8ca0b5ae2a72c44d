// A page that publishes by WHIP (RFC 9725). Tests call these functions, and reach into `camera`, `peer` and
// `resource` as a page's own controls would.

let peer, camera, resource;

const RSA = {
  name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]),
};

// The offer that this browser makes. Options: `audio`, `video`: a track of that kind (both by default);
// `played`: from files that are served beside this page, where the browser's own devices play none; `codec`: the
// only video codec offered, such as "video/VP8"; `encodings`: simulcast's sendEncodings; `channel`: a data channel
// beside the media; `gather`: wait for the candidates (by default); `bundle`: the bundle policy; `rsa`: an RSA
// certificate; `idle`: the direction of a section in front of the media that sends nothing.
async function offer({
  audio = true, video = true, played = false, codec, encodings, channel = false, gather = true,
  bundle = "max-bundle", rsa = false, idle,
} = {}) {
  camera = played ? await playedCamera() : await realCamera(audio, video);
  const certificates = rsa ? [await RTCPeerConnection.generateCertificate(RSA)] : [];
  peer = new RTCPeerConnection({bundlePolicy: bundle, certificates});
  if (idle) peer.addTransceiver("audio", {direction: idle});
  for (const track of camera.getTracks()) {
    const sent = track.kind === "video" && encodings ? {sendEncodings: encodings} : {};
    const transceiver = peer.addTransceiver(track, {direction: "sendonly", streams: [camera], ...sent});
    if (track.kind === "video" && codec) prefer(transceiver, codec);
  }
  if (channel) peer.createDataChannel("chat");
  await peer.setLocalDescription();
  if (gather) await gathered(peer);
  return peer.localDescription.sdp;
}

function realCamera(audio, video) {
  return navigator.mediaDevices.getUserMedia({audio, video: video && {width: 640, height: 480}});
}

// A camera that sways before a picture, and a microphone that hears a recording over and over.
async function playedCamera() {
  const picture = Object.assign(new Image(), {src: "camera.jpg"});
  await picture.decode();
  const {width, height} = picture;
  const canvas = Object.assign(document.createElement("canvas"), {width, height});
  const draw = () => canvas.getContext("2d").drawImage(picture, 5 * Math.sin(performance.now() / 1000), 0);
  draw();
  setInterval(draw, 100);

  const recording = Object.assign(new Audio("microphone.wav"), {loop: true});
  await recording.play();
  const heard = recording.captureStream?.() ?? recording.mozCaptureStream();
  return new MediaStream([...canvas.captureStream(10).getTracks(), ...heard.getTracks()]);
}

// Only this codec, and what repeats it.
function prefer(transceiver, codec) {
  const {codecs} = RTCRtpSender.getCapabilities("video");
  const kept = codecs.filter(({mimeType}) => [codec, "video/rtx"].includes(mimeType));
  transceiver.setCodecPreferences(kept);
}

function gathered(peer) {
  return changed(peer, "icegatheringstatechange", () => peer.iceGatheringState === "complete");
}

// Wait until this holds; it is looked at again at each such event.
function changed(target, name, holds) {
  return new Promise(done => {
    const look = () => { if (holds()) { target.removeEventListener(name, look); done(); } };
    target.addEventListener(name, look);
    look();
  });
}

// Publish to a WHIP endpoint; returns the status of its answer when media can flow, or when it is an error.
async function publish(endpoint, options = {}) {
  const headers = {"Content-Type": "application/sdp", ...options.headers};
  const answer = await fetch(endpoint, {method: "POST", headers, body: await offer(options)});
  if (answer.status !== 201) return answer.status;
  resource = new URL(answer.headers.get("Location"), endpoint).href;
  await peer.setRemoteDescription({type: "answer", sdp: await answer.text()});
  await changed(peer, "connectionstatechange", () => ["connected", "failed"].includes(peer.connectionState));
  return peer.connectionState === "connected" ? 201 : peer.connectionState;
}

// End it as a well-behaved page does.
async function unpublish() {
  await fetch(resource, {method: "DELETE"});
  peer.close();
}

// A canvas of this size as a camera, with the real camera's picture on it.
async function canvasCamera(width, height) {
  const video = Object.assign(document.createElement("video"), {muted: true, srcObject: camera.clone()});
  await video.play();
  const canvas = Object.assign(document.createElement("canvas"), {width, height});
  // As large as fills the canvas: a picture that is squeezed shows a face that looks elsewhere.
  const draw = () => {
    const scale = Math.max(width / video.videoWidth, height / video.videoHeight);
    const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
    canvas.getContext("2d").drawImage(video, (width - w) / 2, (height - h) / 2, w, h);
  };
  draw();
  setInterval(draw, 100);
  return canvas.captureStream(10).getVideoTracks()[0];
}

const sender = kind => peer.getSenders().find(sender => sender.track?.kind === kind);
