// The client of argusd, for pages and for Node: publish a camera, follow events, stream pictures or sound, run tasks.
//
//     import { Argusd } from "./argusd.js";
//     const argusd = new Argusd({ url, token });
//     const publication = await argusd.publish("interview-7", { stream: camera });
//     for await (const event of argusd.events("interview-7")) console.log(event.name, event.state);

/** @import { Asked, Event, Following, Gap, Publishing, Results, Session, Sessions, SessionSpec, Token } from "./argusd_types.d.ts" */

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
   * @param {string | URL} path @param {Asked} [asked] @throws {ArgusdError} */
  async request(path, { headers, json, ...asked } = {}) {
    const sent = new Headers(headers);
    const token = await this.bearer();
    if (token) sent.set("Authorization", `Bearer ${token}`);
    if (json !== undefined) {
      sent.set("Content-Type", "application/json");
      asked.body = JSON.stringify(json);
    }
    const response = await answered(fetch(new URL(path, this.url), { ...asked, headers: sent, cache: "no-store" }));
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /** The JSON of an answer. @param {string} path @param {Asked} [asked] @returns {Promise<any>} */
  async json(path, asked) {
    const response = await this.request(path, asked);
    return response.json().catch(() => {
      throw new ArgusdError("not_json", response.status, "The daemon's answer is no JSON.");
    });
  }

  /** The token to show now. */
  async bearer() {
    return typeof this.token === "function" ? this.token() : this.token;
  }

  /** @returns {Promise<Sessions>} */
  sessions() {
    return this.json("/sessions");
  }

  /** @param {string} id @returns {Promise<Session>} */
  session(id) {
    return this.json(sessionPath(id));
  }

  /** What to watch, and how. @param {string} id @param {SessionSpec} body @returns {Promise<Session>} */
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

  /** Run a task; fields of the payload that are bytes or a Blob are sent as base64.
   * @param {string} sessionId @param {string} taskType @param {Record<string, any>} payload
   * @param {{timeoutS?: number, signal?: AbortSignal}} [options] @returns {Promise<Record<string, any>>} */
  async infer(sessionId, taskType, payload, { timeoutS, signal } = {}) {
    const sent = Object.entries(payload).map(async ([name, value]) => [name, await base64(value)]);
    const json = {
      session_id: sessionId, task_type: taskType, payload: Object.fromEntries(await Promise.all(sent)), timeout_s: timeoutS,
    };
    return (await this.json("/ml/infer", { method: "POST", json, signal })).result;
  }

  /** Publish a camera by WebRTC (WHIP), once media can flow; `body` defines the session first. A publication that is
   * lost is made anew; `onstate` hears of that. @param {string} sessionId @param {Publishing} options */
  async publish(sessionId, options) {
    if (options.body) await this.putSession(sessionId, options.body);
    const { Publication } = await import("./argusd_publication.js");
    const publication = new Publication(this, sessionId, options);
    await publication.begin();
    return publication;
  }

  /** Send pictures or sound by WebSocket; iterate over it for the answers. `sampleRate`: of samples, Hz.
   * @param {string} sessionId @param {string} name @param {{sampleRate?: number}} [options] */
  async stream(sessionId, name, { sampleRate } = {}) {
    const url = new URL(`/ml/stream/${encodeURIComponent(sessionId)}/${name}`, this.url);
    url.protocol = url.protocol.replace("http", "ws");
    if (sampleRate) url.searchParams.set("sample_rate", String(sampleRate));
    const token = await this.bearer();
    const { Stream } = await import("./argusd_stream.js");
    const stream = new Stream(new WebSocket(url, token ? ["argusd", `argusd.bearer.${token}`] : []));
    await stream.opened;
    return stream;
  }

  /** The events of a session, or of all (`null`), across lost connections: each once, in order.
   * @param {string | null} [sessionId] @param {Following} [how] @returns {AsyncGenerator<Event | Gap, void>}
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
      await pause(wait(attempt), signal);
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

export function unreachable() {
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

/** @param {any} value @returns {Promise<any>} */
async function base64(value) {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) value = new Blob([/** @type {any} */ (value)]);
  if (!(value instanceof Blob)) return value;
  const bytes = new Uint8Array(await value.arrayBuffer());
  return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
}

/** How long to wait before another try. @param {number} attempt */
export function wait(attempt) {
  return Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS);
}

/** @param {number} ms @param {AbortSignal} [signal] @returns {Promise<void>} */
export function pause(ms, signal) {
  return new Promise((done) => {
    setTimeout(done, ms);
    signal?.addEventListener("abort", () => done(), { once: true });
  });
}
