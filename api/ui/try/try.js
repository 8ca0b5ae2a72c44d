// Try your camera: publishes it by WebRTC, and draws what is found over the picture as findings arrive.

import { pause } from "../argusd.js";
import { $, argusd, sessionOfToken, showProblem, showState } from "../page.js";
import { chosen, offerStreams, showToken, wanted } from "./choice.js";
import { forgetFigures, showFigures } from "./figures.js";
import { HeldPicture } from "./picture.js";
import { open } from "./sources.js";
import { forgetViolations, showViolation } from "./violations.js";
import { LOST, SILENT, ended, gone, words } from "./words.js";

const RESULTS_EVERY_MS = 125; // the daemon renews them four times a second; more often, so that none waits long
const AWAY_MS = 1000; // between two questions to a daemon that does not answer
const SILENCE_DBFS = -90; // a microphone that is on is louder, also where nobody speaks
const SILENCE_S = 5; // for so long it brings nothing before that is told
const STATES = { live: "live", lost: "connecting again" };

const asked = new URLSearchParams(location.search).get("session");
const kept = history.state?.session; // this page's own one, before it was loaded again
const made = asked || kept || `try-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
const preview = $("preview");
const picture = new HeldPicture(preview, $("picture"), $("overlay"));
let [sessionId, publication, attempt, watching] = [made, null, new AbortController(), new AbortController()];
let last = 0; // the event that was shown last
let heardAt = null; // when the microphone brought something last, as results tell it

async function start() {
  if ($("start").hidden) return; // it is at work
  showProblem("");
  enter("starting");
  sessionId = sessionOfToken() ?? made;
  if (sessionId === made) history.replaceState({ session: made }, "");
  heardAt = null;
  attempt = new AbortController();
  const { signal } = attempt;
  const onstate = (state) => signal.aborted || enterAs(state);
  try {
    const stream = await open(chosen(), preview, $("file").files[0], signal);
    publication = await argusd.publish(sessionId, { stream, body: wanted(), onstate, signal });
    watch();
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => lose(track));
      if (track.readyState === "ended") return lose(track); // meanwhile
    }
  } catch (error) {
    if (signal.aborted) return; // the visitor has stopped it meanwhile
    await stop();
    complain(error);
  }
}

async function stop() {
  const published = publication;
  publication = null;
  const closing = published?.close();
  attempt.abort();
  watching.abort();
  forgetFigures();
  enter("off");
  await closing;
}

async function lose(track) {
  if (!publication) return; // its other track has ended as well
  const said = gone(chosen(), track.kind);
  await stop();
  showProblem(said);
}

// Anew where the visitor's token has expired meanwhile, and there is another.
function watch() {
  watching.abort();
  watching = new AbortController();
  const { signal } = watching;
  picture.watch(signal);
  for (const watched of [follow(signal), draw(signal)]) watched.catch((error) => signal.aborted || complain(error));
}

async function follow(signal) {
  for await (const event of argusd.events(sessionId, { after: last, signal })) {
    last = event.id ?? last;
    if (event.type === "violation") showViolation(event);
  }
}

async function draw(signal) {
  while (!signal.aborted) {
    try {
      const { streams } = await argusd.results(sessionId);
      if (publication?.state === "live" && $("problem").textContent === LOST) showProblem("");
      if (!signal.aborted) show(Object.entries(streams).sort(([one], [other]) => one.localeCompare(other)));
    } catch (error) {
      if (!error.passing || signal.aborted) throw error;
      showProblem(LOST); // its media may go on
      await pause(AWAY_MS, signal);
    }
    await pause(RESULTS_EVERY_MS, signal);
  }
}

function show(told) {
  const known = told.filter(([, { state }]) => state !== "unknown");
  for (const [name, result] of known) picture.found(name, result);
  const results = known.map(([, result]) => result);
  showFigures(told, results, picture.heldBack);
  showSilence(results.find(({ data }) => "rms_dbfs" in data));
}

function showSilence(sound) {
  if (!sound || chosen() !== "camera") return;
  if (heardAt === null || sound.data.rms_dbfs > SILENCE_DBFS) heardAt = sound.captured_at;
  const silent = sound.captured_at - heardAt >= SILENCE_S;
  if (silent || $("problem").textContent === SILENT) showProblem(silent ? SILENT : "");
}

async function enterAs(state) {
  if (state in STATES) enter(STATES[state]);
  if (state === "lost") showProblem(LOST);
  if (state === "live") showProblem("");
  if (state !== "over" || !publication) return;
  const { error, reason } = publication;
  await stop();
  if (error) complain(error);
  else showProblem(ended(reason));
}

function enter(state) {
  const off = state === "off";
  const pressed = [$("start"), $("stop")].includes(document.activeElement);
  showState(state, state === "live" ? "ready" : "");
  $("start").hidden = !off;
  $("stop").hidden = off;
  $("hint").hidden = !off;
  if (!off) $("forget").hidden = sessionOfToken() !== null; // such a token deletes nothing
  $("choice").className = off ? "" : "made";
  if (pressed) $(off ? "start" : "stop").focus(); // one hides, and the focus goes to the other
}

function complain(error) {
  showProblem(words(error));
}

async function forget() {
  await stop();
  await argusd.deleteSession(sessionId).catch((error) => error.status === 404 || complain(error));
  forgetViolations();
  last = 0;
  history.replaceState(null, "");
  $("forget").hidden = true;
}

// What was kept before the page was loaded again is still there to be deleted.
function offerToForget() {
  argusd.session(kept).then(() => { $("forget").hidden = sessionOfToken() !== null; }, () => {}); // it is gone
}

$("choice").addEventListener("submit", (submitted) => { submitted.preventDefault(); start(); });
$("sign-in").addEventListener("submit", () => {
  showProblem("");
  showToken();
  if (publication) watch();
});
$("stop").addEventListener("click", stop);
$("stop").addEventListener("keydown", (pressed) => pressed.repeat && pressed.preventDefault()); // a key that is held starts only
$("forget").addEventListener("click", forget);
addEventListener("pagehide", stop);
enter("off");
showToken();
offerStreams();
if (kept) offerToForget();
