// The client of argusd, for pages and for Node: publish a camera, follow events, stream pictures or sound, run tasks.
//
//     import { Argusd } from "./argusd.js";
//     const argusd = new Argusd({ url, token });
//     const publication = await argusd.publish("interview-7", { stream: camera });
//     for await (const event of argusd.events("interview-7")) console.log(event.name, event.state);

/** @typedef {{id: string, session_id: string, seq: number, type: "violation" | "observation" | "session",
 *   stream: string, name: string, state: "start" | "update" | "end", severity: "info" | "warning" | "critical",
 *   confidence: number, captured_at: number, frame_age_ms: number, data: Record<string, any>,
 *   evidence_id: string | null}} Event  What the daemon found; `captured_at` is in unix seconds. */
/** @typedef {{type: "gap", session_id?: string, missed?: number, reason?: string}} Gap  Events that are lost. */
/** @typedef {{session_id: string, state: string, streams: Record<string, Result>,
 *   violations: Record<string, {count: number, total_s: number, open_since_s: number | null,
 *   last_at: number | null}>}} Results  What is known of a session now. */
/** @typedef {{captured_at: number, frame_age_ms: number, skipped: number, models: Record<string, string>,
 *   data: Record<string, any>, state?: "unknown", reason?: string}} Result  A stream's newest result. */
/** @typedef {{session_id: string, state: string, streams: string[], tracks: Record<string, any>[],
 *   policy: Record<string, any>, created_at: number, updated_at: number} & Record<string, any>} Session */
/** @typedef {{method?: string, headers?: Record<string, string>, body?: BodyInit, json?: unknown,
 *   signal?: AbortSignal, keepalive?: boolean}} Request  `json` is sent as JSON. */
/** @typedef {string | null | (() => string | null | Promise<string | null>)} Token  A function is asked each time. */

const SILENCE_MS = 45_000; // the daemon sends a comment every few seconds: longer silence is a dead connection
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/** An answer that is an error, or none: `code` is stable, `message` a sentence, `status` HTTP's (0: no answer). */
export class ArgusdError extends Error {
  /** @param {string} code @param {number} status @param {string} message @param {any} [reply] */
  constructor(code, status, message, reply = null) {
    super(message);
    this.name = "ArgusdError";
    this.code = code;
    this.status = status;
    this.reply = reply;
  }

  /** Whether the same may succeed later: no answer, overloaded, draining, restarting. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The daemon at `url` (a page's own by default). A `token` is needed where the daemon asks for one. */
export class Argusd {
  /** @param {{url?: string, token?: Token}} [options] */
  constructor({ url = "", token = null } = {}) {
    this.url = new URL(url, globalThis.location?.href).href;
    this.token = token;
  }

  /** The answer to a request that it takes. Every other method asks by this one.
   * @param {string | URL} path @param {Request} [request] @returns {Promise<Response>} @throws {ArgusdError} */
  async request(path, { headers = {}, json, ...request } = {}) {
    const sent = new Headers(headers);
    const token = await this.bearer();
    if (token) sent.set("Authorization", `Bearer ${token}`);
    if (json !== undefined) {
      sent.set("Content-Type", "application/json");
      request.body = JSON.stringify(json);
    }
    const response = await answered(fetch(new URL(path, this.url), { ...request, headers: sent, cache: "no-store" }));
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /** The JSON of an answer. @param {string} path @param {Request} [request] @returns {Promise<any>} */
  async json(path, request) {
    const response = await this.request(path, request);
    return response.json().catch(() => {
      throw new ArgusdError("not_json", response.status, "The daemon's answer is no JSON.");
    });
  }

  /** The token to show now. */
  async bearer() {
    return typeof this.token === "function" ? this.token() : this.token;
  }

  /** Whether the daemon is ready, with reasons where it is not. @returns {Promise<Record<string, any>>} */
  async ready() {
    try {
      return await this.json("/ready");
    } catch (error) {
      if (error instanceof ArgusdError && error.reply?.ready === false) return error.reply;
      throw error;
    }
  }

  /** @returns {Promise<{sessions: Session[], fits_more: number | null}>} */
  sessions() {
    return this.json("/sessions");
  }

  /** @param {string} id @returns {Promise<Session>} */
  session(id) {
    return this.json(sessionPath(id));
  }

  /** What to watch, and how. @param {string} id @param {{streams?: string[], policy?: object}} body
   * @returns {Promise<Session>} */
  putSession(id, body) {
    return this.json(sessionPath(id), { method: "PUT", json: body });
  }

  /** End a session and forget all of it. @param {string} id */
  async deleteSession(id) {
    await this.request(sessionPath(id), { method: "DELETE" });
  }

  /** @param {string} id @returns {Promise<Results>} */
  results(id) {
    return this.json(`${sessionPath(id)}/results`);
  }

  /** The events of a session, or of all (`null`), across lost connections: each once, in order.
   *
   * `after`: an event's id, 0 for the oldest that is kept, -50 for fifty ago; by default they begin now.
   * `onstate` hears whether they arrive now.
   * @param {string | null} [sessionId]
   * @param {{after?: string | number, signal?: AbortSignal, onstate?: (live: boolean) => void}} [options]
   * @returns {AsyncGenerator<Event | Gap, void>}
   * @throws {ArgusdError} the daemon says no, or the very first connection cannot be made */
  async *events(sessionId = null, { after = "", signal, onstate = () => {} } = {}) {
    const path = sessionId === null ? "/events" : `${sessionPath(sessionId)}/events`;
    let last = String(after);
    for (let attempt = 0, served = false; !signal?.aborted; attempt++) {
      try {
        for await (const message of this.#messages(path, last, signal)) {
          last = message.id ?? last;
          if (attempt > 0 || !served) onstate(true);
          [attempt, served] = [0, true];
          if (message.data !== undefined) yield eventOf(message);
        }
      } catch (error) {
        if (signal?.aborted) return;
        if (!(served && error instanceof ArgusdError && error.passing)) throw error;
      }
      onstate(false);
      await pause(Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS), signal);
    }
  }

  /** One connection's server-sent events. @param {string} path @param {string} last @param {AbortSignal} [signal] */
  async *#messages(path, last, signal) {
    const gone = new AbortController();
    const headers = last ? { "Last-Event-ID": last } : undefined;
    const both = signal ? AbortSignal.any([signal, gone.signal]) : gone.signal;
    try {
      const { body } = await this.request(path, { headers, signal: both });
      const reader = /** @type {ReadableStream<Uint8Array>} */ (body).getReader();
      const decoder = new TextDecoder();
      for (let text = ""; ; ) {
        const silence = setTimeout(() => gone.abort(unreachable()), SILENCE_MS);
        const { done, value } = await answered(reader.read()).finally(() => clearTimeout(silence));
        if (done) return;
        const blocks = (text + decoder.decode(value, { stream: true })).split("\n\n");
        text = /** @type {string} */ (blocks.pop());
        for (const block of blocks) yield fieldsOf(block);
      }
    } finally {
      gone.abort();
    }
  }
}

/** @param {string} id */
function sessionPath(id) {
  return `/sessions/${encodeURIComponent(id)}`;
}

/** What the network brings, or an error that says that it brings nothing.
 * @template Answer @param {Promise<Answer>} answer @returns {Promise<Answer>} */
function answered(answer) {
  return answer.catch((error) => {
    throw error instanceof TypeError ? unreachable() : error; // so fetch has it; all else is the caller's own abort
  });
}

function unreachable() {
  return new ArgusdError("unreachable", 0, "The daemon does not answer.");
}

/** @param {Response} response */
async function refusal(response) {
  const reply = await response.json().catch(() => null);
  const sentence = reply?.error ?? `The daemon answered with HTTP status ${response.status}.`;
  return new ArgusdError(reply?.error_code ?? `http_${response.status}`, response.status, sentence, reply);
}

/** The fields of a server-sent event; of a comment none.
 * @param {string} block @returns {{id?: string, event?: string, data?: string}} */
function fieldsOf(block) {
  const fields = block.split("\n").map((line) => /^([^:]+): ?(.*)$/.exec(line)).filter((found) => found !== null);
  return Object.fromEntries(fields.map(([, name, value]) => [name, value]));
}

/** @param {{event?: string, data?: string}} message @returns {Event | Gap} */
function eventOf({ event, data }) {
  const told = JSON.parse(data ?? "");
  return event === "gap" ? { ...told, type: "gap" } : told;
}

/** @param {number} ms @param {AbortSignal} [signal] @returns {Promise<void>} */
function pause(ms, signal) {
  return new Promise((done) => {
    setTimeout(done, ms);
    signal?.addEventListener("abort", () => done(), { once: true });
  });
}
