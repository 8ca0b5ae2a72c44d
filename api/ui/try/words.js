// What to say to people when something does not work: what happened, and what they can do.

import { ArgusdError } from "../argusd.js";

// Why there is no picture and no sound; the message is for people.
export class NoMedia extends Error {}

const REFUSED = {
  overloaded: "The daemon has no room for another session now. End one, or try again a little later.",
  connection_not_made: "The daemon answers, but its media port cannot be reached from here: a firewall, perhaps.",
  unreachable: "The daemon does not answer. See whether it runs, and whether this computer is on its network; then start again.",
  session_active: "Somebody else publishes this session. Wait until they have ended it, then start again.",
  insufficient_scope: "This token does not allow it. Trying the camera takes one with all scopes, or a session token "
    + "with the scopes publish and watch.",
};
const TOO_LATE = "The media did not come through to the daemon in time: the path to it is very slow, or a firewall lies in "
  + "between. Start again from a nearer network, or have the daemon wait longer (ingest.connect_s).";
const ENDED = {
  replaced: "This session is now published from another page, so this one has stopped. Start again to take it back.",
  deleted: "This session was ended from elsewhere. Start again for another one.",
  never_connected: TOO_LATE,
  dtls_failed: TOO_LATE,
};
export const LOST = "The connection to the daemon is lost. It is made again by itself; leave this page open.";

const KINDS = { video: "The picture", audio: "The sound" };
const GONE = {
  camera: " is gone: the camera or the microphone was unplugged, or taken away from this page. Give it back, then start again.",
  screen: " of the screen is not shared any more. Start again to share it.",
  file: " of the file is over. Start again to see it once more.",
};
export const SILENT = "The microphone brings no sound at all. See whether it is muted, here or at the device.";

export function words(error) {
  if (error instanceof NoMedia) return error.message;
  if (!(error instanceof ArgusdError)) return `Something went wrong in this page: ${error.message}`;
  return REFUSED[error.code] ?? error.message;
}

// Why a publication is over that nobody here has ended.
export function ended(reason) {
  return ENDED[reason] ?? "The daemon has ended this session. Start again for another one.";
}

// A track has ended by itself.
export function gone(source, kind) {
  return KINDS[kind] + GONE[source];
}
