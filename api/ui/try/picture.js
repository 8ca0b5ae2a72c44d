// The picture as the daemon saw it: held back for as long as findings take, so that each lies on the frame that it
// belongs to. Where a browser tells of no frames, its video is seen as it comes.

import { fillScene } from "../scene.js";

const MOST_FRAMES = 45; // copies of frames that wait; the oldest goes when there are more
const WIDTH = 800; // of a copy, in pixels at most
const LONGEST_MS = 1500; // what is found later than this is drawn too late, and the page's delay says so
const SHORTER = 0.98; // of the last delay, with each finding that came sooner
const LABEL = 1 / 28; // of the picture's width

export class HeldPicture {
  #frames = []; // { image, at }, the oldest first; `at` in unix milliseconds
  #found = new Map(); // of each stream that draws: its results that no frame has yet, and the one before them
  #heldBack = 0;

  constructor(video, canvas, overlay) {
    [this.video, this.canvas, this.overlay] = [video, canvas, overlay];
  }

  // How many milliseconds the picture is behind; 0 where it is not held back.
  get heldBack() {
    return this.#frames.length && this.#heldBack;
  }

  // Show what the video brings, until the signal.
  watch(signal) {
    const seen = async (now, { captureTime = now }) => {
      if (signal.aborted) return;
      this.video.requestVideoFrameCallback(seen);
      const resizeWidth = Math.min(WIDTH, this.video.videoWidth);
      const image = await createImageBitmap(this.video, { resizeWidth }).catch(() => null); // it has just gone
      if (image && !signal.aborted) this.#show(image, performance.timeOrigin + captureTime);
    };
    this.video.requestVideoFrameCallback?.(seen);
    signal.addEventListener("abort", () => this.#clear());
  }

  // A stream's newest result, also when it is no news.
  found(name, result) {
    const { faces, objects } = result.data;
    if (!faces && !objects) return;
    const known = this.#found.get(name) ?? [];
    if (known.at(-1)?.captured_at === result.captured_at) return;
    const delay = Date.now() - 1000 * result.captured_at;
    this.#heldBack = Math.min(Math.max(delay, this.#heldBack * SHORTER), LONGEST_MS);
    this.#found.set(name, [...known, result].slice(-MOST_FRAMES));
    if (!this.#frames.length) this.#draw(Date.now());
  }

  #show(image, at) {
    this.#frames.push({ image, at });
    const due = Date.now() - this.#heldBack;
    while (this.#frames.length > 1 && (this.#frames[1].at <= due || this.#frames.length > MOST_FRAMES)) {
      this.#frames.shift().image.close();
    }
    const frame = this.#frames[0];
    [this.canvas.width, this.canvas.height] = [frame.image.width, frame.image.height];
    this.canvas.getContext("2d").drawImage(frame.image, 0, 0);
    this.#draw(frame.at);
  }

  // What was found in the frame of this moment, or last before it.
  #draw(at) {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return;
    for (const [name, results] of this.#found) {
      const coming = results.findIndex(({ captured_at }) => 1000 * captured_at > at);
      this.#found.set(name, results.slice(coming < 0 ? -1 : Math.max(coming - 1, 0)));
    }
    const drawn = [...this.#found.values()].map(([result]) => result).filter(({ captured_at }) => 1000 * captured_at <= at);
    fillScene(this.overlay, drawn.map(({ data }) => data), { width, height, labels: width * LABEL });
  }

  #clear() {
    for (const { image } of this.#frames) image.close();
    this.#frames = [];
    this.#found.clear();
    this.#heldBack = 0;
    this.canvas.width = 0;
    this.overlay.replaceChildren();
  }
}
