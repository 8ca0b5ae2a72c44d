// Try your camera: publishes it by WebRTC, and draws what is found over the picture as findings arrive.

import { ArgusdError } from "../argusd.js";
import { facts } from "../facts.js";
import { $, argusd, element, plain, readiness } from "../page.js";
import { fillScene } from "../scene.js";
import { NoMedia, close, open } from "./sources.js";
import { forgetViolations, showViolation } from "./violations.js";

const RESULTS_EVERY_MS = 125; // the daemon renews them four times a second; more often, so that none waits long
const LABEL = 1 / 28; // of the picture's width
const STATES = { live: "live", lost: "connecting again" };
const SAY = {
  overloaded: "The daemon has no room for another session now. End one, or try again a little later.",
  connection_not_made: "The daemon answers, but its media port cannot be reached from here: a firewall, perhaps.",
  insufficient_scope: "This token does not allow it: trying the camera takes one with all scopes.",
  unauthorized: "The daemon asks for a token. Sign in above, then start again.",
};

const sessionId = `try-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
const preview = $("preview");
let [stream, publication, watching] = [null, null, new AbortController()];

async function start() {
  problem("");
  enter("starting");
  try {
    stream = await open(chosen(), preview, $("file").files[0]);
    const body = { streams: watched(), policy: { landmarks: true } };
    publication = await argusd.publish(sessionId, { stream, body, onstate: showState });
    for (const track of stream.getTracks()) track.addEventListener("ended", () => stop()); // unplugged, or unshared
    watching = new AbortController();
    watch(watching.signal);
  } catch (error) {
    await stop();
    problem(words(error));
  }
}

async function stop() {
  watching.abort();
  const published = publication;
  publication = null;
  close(preview, stream);
  $("overlay").replaceChildren();
  enter("off");
  await published?.close();
}

function watch(signal) {
  follow(signal).catch((error) => signal.aborted || problem(words(error)));
  draw(signal).catch((error) => signal.aborted || problem(words(error)));
}

async function follow(signal) {
  for await (const event of argusd.events(sessionId, { after: 0, signal })) {
    if (event.type === "violation") showViolation(event);
  }
}

async function draw(signal) {
  while (!signal.aborted) {
    const { streams } = await argusd.results(sessionId);
    if (signal.aborted) return;
    const told = Object.entries(streams).sort(([one], [other]) => one.localeCompare(other));
    const known = told.map(([, result]) => result).filter(({ state }) => state !== "unknown");
    showFigures(known);
    $("facts").textContent = facts(told);
    const { videoWidth: width, videoHeight: height } = preview;
    const labels = width * LABEL;
    if (width) fillScene($("overlay"), known.map(({ data }) => data), { width, height, labels });
    await new Promise((done) => setTimeout(done, RESULTS_EVERY_MS));
  }
}

function showFigures(known) {
  const newest = known.reduce((one, other) => (one && one.captured_at > other.captured_at ? one : other), null);
  if (newest === null) return;
  $("delay").textContent = milliseconds(Date.now() - 1000 * newest.captured_at);
  $("age").textContent = milliseconds(newest.frame_age_ms);
  const heard = known.find(({ data }) => "rms_dbfs" in data)?.data;
  $("voice").textContent = heard ? (heard.has_speech ? "speaks" : "silent") : "–";
  $("level").value = heard ? heard.rms_dbfs : $("level").min;
}

function milliseconds(time) {
  return `${Math.max(0, time).toFixed(0)} ms`;
}

function showState(state) {
  if (state === "over" && publication) {
    problem(publication.error ? words(publication.error) : "The daemon ended this session.");
    stop();
  }
  if (state in STATES) enter(STATES[state]);
}

function enter(state) {
  const off = state === "off";
  $("state").textContent = state;
  $("state").className = `pill ${state === "live" ? "ready" : ""}`;
  $("start").hidden = !off;
  $("stop").hidden = off;
  $("hint").hidden = !off;
  for (const choice of $("choice").querySelectorAll("fieldset")) choice.disabled = !off;
}

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

function words(error) {
  if (error instanceof NoMedia) return error.message;
  if (error instanceof ArgusdError) return SAY[error.code] ?? error.message;
  return `Something went wrong in this page: ${error.message}`;
}

const chosen = () => $("choice").elements.source.value;
const watched = () => [...$("streams").querySelectorAll(":checked")].map(({ value }) => value);

async function showStreams() {
  const { streams } = await readiness();
  $("streams").replaceChildren(...Object.entries(streams).map(([name, served]) => {
    const label = element("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: name });
    [box.checked, box.disabled] = [served, !served];
    label.append(box, ` ${plain(name)}${served ? "" : " (no model is here for it)"}`);
    return label;
  }));
}

$("choice").addEventListener("change", () => { document.querySelector(".file").hidden = chosen() !== "file"; });
$("choice").addEventListener("submit", (submitted) => { submitted.preventDefault(); start(); });
$("stop").addEventListener("click", stop);
$("forget").addEventListener("click", async () => {
  await stop();
  await argusd.deleteSession(sessionId).catch((error) => error.status === 404 || problem(words(error)));
  forgetViolations();
});
addEventListener("pagehide", stop);
showStreams().catch((error) => problem(words(error)));
