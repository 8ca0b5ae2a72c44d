// What every page uses: its elements, and the daemon under the visitor's token.

import { Argusd, ArgusdError } from "./argusd.js";

const RETRY_MS = 1000;

export const $ = (id) => document.getElementById(id);
export const plain = (name) => name.replaceAll("_", " ");

// Asks for a token where the daemon does.
class Visitor extends Argusd {
  async request(...asked) {
    try {
      return await super.request(...asked);
    } catch (error) {
      throw error.status === 401 ? signInFirst(error) : error;
    }
  }
}

function signInFirst({ code, status, message, reply }) {
  $("sign-in").hidden = false;
  const why = token() === null ? "The daemon asks for a token." : message;
  return new ArgusdError(code, status, `${why} Sign in above.`, reply);
}

// Whether the daemon is ready, and why not: an answer also where its status says no.
export async function readiness() {
  try {
    return await argusd.json("/ready");
  } catch (error) {
    if (error.reply?.ready === false) return error.reply;
    throw error;
  }
}

const token = () => sessionStorage.getItem("token");
export const argusd = new Visitor({ token });

// The session that the visitor's token is for; null where it is for several. A JSON Web Token tells (RFC 7519).
export function sessionOfToken() {
  try {
    const claims = token().split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).session_id ?? null;
  } catch {
    return null;
  }
}

$("sign-in").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  sessionStorage.setItem("token", $("token").value);
  $("token").value = ""; // it is asked for again once it has expired
  $("sign-in").hidden = true;
  $("main").focus();
});

// Each event of a session, or of all (null), for as long as the page is open, also before the visitor signs in.
// `told` hears whether they arrive.
export async function follow(sessionId, after, show, told) {
  for (;;) {
    try {
      for await (const event of argusd.events(sessionId, { after, onstate: told })) {
        after = event.id ?? after;
        show(event);
      }
    } catch { /* not allowed yet, or the daemon is away */ }
    told(false);
    await new Promise((done) => setTimeout(done, RETRY_MS));
  }
}

// Text goes through textContent: nothing that a session is called is ever markup.
export function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

// Words of a live region: it is read aloud whenever it is written to, so the same ones are not written again.
export function tell(id, words) {
  if ($(id).textContent !== words) $(id).textContent = words;
}

// What went wrong, above all else; "" once nothing is.
export function showProblem(sentence) {
  tell("problem", sentence);
  $("problem").hidden = !sentence;
}

// How it stands, beside the page's name. `kind`: "ready" where all is well, "unready" where something is not.
export function showState(words, kind = "") {
  tell("state", words);
  $("state").className = `pill ${kind}`;
}

// Where a violation is reviewed: the one whose start has this seq, or all of the session's.
export function reviewOf(session, violation = "") {
  return `/review?${new URLSearchParams({ session, ...(violation && { violation }) })}`;
}

// What a finding means, and when it is wrong.
export function meaningOf(name) {
  const link = Object.assign(element("a", "what it means"), { href: `/guide/glossary.html#${name}`, target: "_blank" });
  link.setAttribute("aria-label", `What ${plain(name)} means`);
  return link;
}

document.querySelector(`nav a[href="${location.pathname}"]`)?.setAttribute("aria-current", "page");
