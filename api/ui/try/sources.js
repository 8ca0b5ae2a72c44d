// Where a picture and sound come from, and what to say to people where none is to be had.

import { NoMedia } from "./words.js";

const PICTURE = { width: { ideal: 640 }, height: { ideal: 480 } };
const WORDS = {
  NotAllowedError: "The browser did not let this page have it. Allow it beside the page's address, then start again.",
  "NotAllowedError of screen": "No screen was shared. Start again, then choose one.",
  NotFoundError: "There is no camera and no microphone here. Plug one in, or show a file.",
  NotReadableError: "The camera or the microphone is in use by another program. Close that one, then start again.",
  AbortError: "The camera or the microphone did not start. Plug it in again, then start again.",
  OverconstrainedError: "This camera has no picture that can be used. Choose another one, or show a file.",
  NotSupportedError: "This browser cannot play that file. Choose one in MP4 or WebM.",
};
const INSECURE = "Browsers give cameras only to pages of https and of localhost. Open this page as localhost on the "
  + "daemon's own machine, or put TLS before the daemon. A file can be shown from here as well.";

// ``preview`` is the video element that shows it; ``file``: the chosen one, if any. The signal ends all of it, also
// where the browser still asks its visitor.
export async function open(source, preview, file, signal) {
  try {
    return await SOURCES[source]({ preview, file, signal });
  } catch (error) {
    const words = WORDS[`${error.name} of ${source}`] ?? WORDS[error.name] ?? `The browser says: ${error.message}`;
    throw error instanceof NoMedia ? error : new NoMedia(words);
  }
}

const SOURCES = { camera, screen, file: played };

async function camera({ preview, signal }) {
  const devices = await allowed().enumerateDevices();
  const has = (kind) => devices.some((device) => device.kind === kind);
  const wanted = { video: has("videoinput") && PICTURE, audio: has("audioinput") };
  if (!wanted.video && !wanted.audio) throw new NoMedia(WORDS.NotFoundError);
  return shown(preview, await allowed().getUserMedia(wanted), signal);
}

async function screen({ preview, signal }) {
  if (!allowed().getDisplayMedia) throw new NoMedia("This browser cannot share a screen. Use the camera, or show a file.");
  return shown(preview, await allowed().getDisplayMedia({ video: true, audio: true }), signal);
}

function allowed() {
  if (!navigator.mediaDevices) throw new NoMedia(INSECURE);
  return navigator.mediaDevices;
}

async function shown(preview, stream, signal) {
  end(stream, signal);
  signal.throwIfAborted(); // the preview shows another one already, perhaps
  signal.addEventListener("abort", () => clear(preview));
  preview.muted = true; // or the microphone hears itself
  preview.srcObject = stream;
  await preview.play();
  return stream;
}

async function played({ preview, file, signal }) {
  if (!file) throw new NoMedia("Choose a file first.");
  signal.addEventListener("abort", () => clear(preview));
  preview.muted = false;
  preview.src = URL.createObjectURL(file);
  await preview.play();
  const captured = preview.captureStream?.() ?? preview.mozCaptureStream?.();
  if (!captured) throw new NoMedia("This browser cannot send a file. Chromium, Chrome, Edge and Firefox can.");
  end(captured, signal);
  return captured;
}

// Let go of the camera at the signal, or now where that has come.
function end(stream, signal) {
  const stop = () => { for (const track of stream.getTracks()) track.stop(); };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop);
}

function clear(preview) {
  preview.pause();
  preview.srcObject = null;
  if (preview.src) URL.revokeObjectURL(preview.src);
  preview.removeAttribute("src");
  preview.load();
}
