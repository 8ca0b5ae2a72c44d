// A camera on its way by WHIP (RFC 9725), again and again where it is lost.

import { ArgusdError, pause, wait } from "./argusd.js";

/** @import * as Types from "./argusd_types.d.ts" */

const CONNECTED_WITHIN_MS = 15_000;
const AGAIN_WITHIN_MS = 30_000; // after a loss
const GOODBYE_MS = 10_000; // paths may be slow
const SDP = { "Content-Type": "application/sdp" };
const LOSSES = ["silent", "shutdown"]; // why media end that nobody wanted to end

export class Publication {
  /** @type {Types.PublicationState} */ state = "lost";
  /** @type {unknown} */ error = null; // why it is over, unless somebody wanted that
  reason = ""; // why its media ended
  peer = new RTCPeerConnection();
  #closing = new AbortController();
  #after = 0; // the seq behind which its events lie
  #client; #sessionId; #options;
  /** @type {URL | null} */ #resource = null;
  /** @type {Promise<void> | null} */ #left = null; // one goodbye, whoever closes it, and how often

  /** @param {Types.Calls} client */
  constructor(client, sessionId, options) {
    this.#client = client;
    this.#sessionId = sessionId;
    this.#options = options;
  }

  async begin() {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", () => this.close());
    await this.#connect().catch(async (error) => {
      await this.close();
      throw error;
    });
    this.#tell("live");
    this.#keep();
  }

  close() {
    this.#closing.abort();
    this.#tell("over");
    return this.#left ??= this.#leave();
  }

  async #keep() {
    while (await this.#lost()) {
      this.#tell("lost");
      try {
        await this.#again();
      } catch (error) {
        this.error = error;
        break;
      }
      this.#tell("live");
    }
    if (!this.#closing.signal.aborted) await this.close();
  }

  #tell(state) {
    if (this.state === state || this.state === "over") return;
    this.state = state;
    this.#options.onstate?.(state);
  }

  async #connect() {
    const path = `/whip/${encodeURIComponent(this.#sessionId)}`;
    const signal = this.#closing.signal;
    const servers = await this.#client.request(path, { method: "OPTIONS", signal });
    signal.throwIfAborted(); // or nobody would close the next one
    this.peer.close();
    this.peer = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: iceServers(servers.headers.get("Link")) });
    const { stream } = this.#options;
    for (const track of stream.getTracks()) this.peer.addTransceiver(track, { direction: "sendonly", streams: [stream] });
    await this.peer.setLocalDescription(); // the daemon learns our candidates from our checks: none need trickle
    const body = this.peer.localDescription?.sdp;
    signal.throwIfAborted();
    const answer = await this.#client.request(path, { method: "POST", headers: SDP, body });
    this.#resource = new URL(answer.headers.get("Location") ?? "", answer.url); // of another host, perhaps
    if (signal.aborted) await this.#leave(); // it was closed meanwhile
    this.#after = Number(/[?&]after=(\d+)/.exec(answer.headers.get("Link") ?? "")?.[1] ?? 0);
    await this.peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECTED_WITHIN_MS)]);
    const state = await reached(this.peer, ["connected", "failed"], limit);
    if (state !== "connected") throw new ArgusdError("connection_not_made", 0, "No way for the media was found.");
  }

  // The daemon hears of it before the connection ends, or we would seem lost.
  async #leave() {
    const signal = AbortSignal.timeout(GOODBYE_MS);
    const left = this.#resource && this.#client.request(this.#resource, { method: "DELETE", keepalive: true, signal });
    await left?.catch(() => {}); // it is missed soon
    this.peer.close();
  }

  async #again() {
    const deadline = Date.now() + AGAIN_WITHIN_MS;
    for (let attempt = 0; ; attempt++) {
      this.#resource = null; // what is left of it is replaced
      await pause(wait(attempt), this.#closing.signal);
      try {
        return await this.#connect();
      } catch (error) {
        if (!(error instanceof ArgusdError && error.passing) || Date.now() > deadline) throw error;
      }
    }
  }

  // Whether the media were lost, once they have ended: events tell so long before ICE does.
  async #lost() {
    const known = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, known.signal]);
    const failed = reached(this.peer, ["failed"], signal).then(Boolean);
    return Promise.race([failed, this.#told(signal)]).finally(() => known.abort());
  }

  async #told(signal) {
    try {
      for await (const event of this.#client.events(this.#sessionId, { after: this.#after, signal })) {
        if (event.type !== "session" || event.seq <= this.#after) continue;
        if (event.name === "session_lost") return true;
        if (event.name !== "closed") continue;
        this.#resource = null; // it is gone
        this.reason = event.data.reason;
        return LOSSES.includes(this.reason);
      }
    } catch (error) {
      if (error instanceof ArgusdError && error.status === 404) return false; // it was deleted
    }
    return new Promise(() => {}); // the token is not for events: ICE will tell
  }
}

/** Of a Link header (RFC 9725, 4.6). @returns {RTCIceServer[]} */
function iceServers(link) {
  return [...(link ?? "").matchAll(/<([^>]+)>\s*;([^<]*rel="?ice-server[^<]*)/g)].map(
    ([, urls, about]) => ({ urls, username: parameter(about, "username"), credential: parameter(about, "credential") }),
  );
}

function parameter(about, name) {
  return new RegExp(`${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(about)?.[1].replace(/\\(.)/g, "$1");
}

// The first of these states that a connection comes to; null where the signal came first.
/** @returns {Promise<string | null>} */
function reached(peer, states, signal) {
  return new Promise((done) => {
    const look = () => { if (states.includes(peer.connectionState)) done(peer.connectionState); };
    peer.addEventListener("connectionstatechange", look, { signal });
    signal.addEventListener("abort", () => done(null));
    if (signal.aborted) done(null);
    look();
  });
}
