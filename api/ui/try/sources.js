// Where a picture and sound come from, and what to say to people where none is to be had.

import { NoMedia } from "./words.js";

const PICTURE = { width: { ideal: 640 }, height: { ideal: 480 } };
const WORDS = {
  NotAllowedError: "The browser did not let this page have it. Allow it beside the page's address, then start again.",
  NotFoundError: "There is no camera and no microphone here. Plug one in, or show a file.",
  NotReadableError: "The camera or the microphone is in use by another program. Close that one, then start again.",
  OverconstrainedError: "This camera has no picture that can be used. Choose another one, or show a file.",
  NotSupportedError: "This browser cannot play that file. Choose one in MP4 or WebM.",
};
const INSECURE = "Browsers give cameras only to pages of https and of localhost. Open this page as localhost on the "
  + "daemon's own machine, or put TLS before the daemon. A file can be shown from here as well.";

// ``preview`` is the video element that shows it; ``file``: the chosen one, if any.
export async function open(source, preview, file) {
  try {
    return await SOURCES[source](preview, file);
  } catch (error) {
    throw error instanceof NoMedia ? error : new NoMedia(WORDS[error.name] ?? `The browser says: ${error.message}`);
  }
}

const SOURCES = { camera, screen, file: played };

async function camera(preview) {
  const devices = await allowed().enumerateDevices();
  const has = (kind) => devices.some((device) => device.kind === kind);
  const wanted = { video: has("videoinput") && PICTURE, audio: has("audioinput") };
  if (!wanted.video && !wanted.audio) throw new NoMedia(WORDS.NotFoundError);
  return shown(preview, await allowed().getUserMedia(wanted));
}

async function screen(preview) {
  if (!allowed().getDisplayMedia) throw new NoMedia("This browser cannot share a screen. Use the camera, or show a file.");
  return shown(preview, await allowed().getDisplayMedia({ video: true, audio: true }));
}

function allowed() {
  if (!navigator.mediaDevices) throw new NoMedia(INSECURE);
  return navigator.mediaDevices;
}

async function shown(preview, stream) {
  preview.muted = true; // or the microphone hears itself
  preview.srcObject = stream;
  await preview.play();
  return stream;
}

async function played(preview, file) {
  if (!file) throw new NoMedia("Choose a file first.");
  preview.muted = false;
  preview.srcObject = null;
  preview.src = URL.createObjectURL(file);
  await preview.play();
  const captured = preview.captureStream?.() ?? preview.mozCaptureStream?.();
  if (!captured) throw new NoMedia("This browser cannot send a file. Chromium, Chrome, Edge and Firefox can.");
  return captured;
}

// Let go of the camera, or of the file.
export function close(preview, stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  preview.pause();
  preview.srcObject = null;
  if (preview.src) URL.revokeObjectURL(preview.src);
  preview.removeAttribute("src");
  preview.load();
}
