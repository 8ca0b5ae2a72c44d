// What every page uses: its elements, and the daemon under the visitor's token.

import { Argusd, ArgusdError } from "./argusd.js";

const RETRY_MS = 1000;
const PAGES = {
  "/": "Dashboard", "/try": "Try your camera", "/operations": "Operations", "/docs": "API", "/guide/": "Guide",
};

export const $ = (id) => document.getElementById(id);
export const plain = (name) => name.replaceAll("_", " ");

// Asks for a token where the daemon does.
class Visitor extends Argusd {
  async request(...asked) {
    try {
      return await super.request(...asked);
    } catch (error) {
      if (error instanceof ArgusdError && error.status === 401) $("sign-in").hidden = false;
      throw error;
    }
  }
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
export const signedIn = () => token() !== null;

// The session that the visitor's token is for; null where it is for several. A JSON Web Token tells (RFC 7519).
export function sessionOfToken() {
  try {
    const claims = token().split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).session_id ?? null;
  } catch {
    return null;
  }
}

$("sign-in")?.addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  sessionStorage.setItem("token", $("token").value);
  $("sign-in").hidden = true;
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

$("pages").append(...Object.entries(PAGES).map(([path, name]) => {
  const link = Object.assign(element("a", name), { href: path });
  if (path === location.pathname) link.setAttribute("aria-current", "page");
  return link;
}));
