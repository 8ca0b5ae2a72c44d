// argusd's client for pages and Node: publish a camera, follow events, stream pictures or sound, run tasks.
// What each call takes and gives stands in argusd_types.d.ts.

/** @import * as Types from "./argusd_types.d.ts" @typedef {Types.Calls} Calls */

const SILENCE_MS = 45_000; // of a dead connection: the daemon sends a comment every few seconds
const NO_SOCKET = "malformed_request"; // of a path that takes WebSockets, asked by HTTP
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

export class ArgusdError extends Error {
  constructor(code, status, message, reply = null) {
    super(message);
    this.name = "ArgusdError";
    this.code = code;
    this.status = status;
    this.reply = reply;
  }

  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The daemon at `url`, a page's own by default. */
export class Argusd {
  /** @param {{url?: string, token?: Types.Token}} [options] */
  constructor({ url = "", token = null } = {}) {
    this.url = new URL(url, globalThis.location?.href).href;
    this.token = token;
  }

  /** @type {Calls["request"]} */
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

  /** @type {Calls["json"]} */
  async json(path, asked) {
    const response = await this.request(path, asked);
    return response.json().catch(() => {
      throw new ArgusdError("not_json", response.status, "The daemon's answer is no JSON.");
    });
  }

  async bearer() {
    return typeof this.token === "function" ? this.token() : this.token;
  }

  /** @type {Calls["sessions"]} */
  sessions() {
    return this.json("/sessions");
  }

  /** @type {Calls["session"]} */
  session(id) {
    return this.json(sessionPath(id));
  }

  /** @type {Calls["putSession"]} */
  putSession(id, body) {
    return this.json(sessionPath(id), { method: "PUT", json: body });
  }

  /** @type {Calls["deleteSession"]} */
  async deleteSession(id) {
    await this.request(sessionPath(id), { method: "DELETE" });
  }

  /** @type {Calls["results"]} */
  results(id) {
    return this.json(`${sessionPath(id)}/results`);
  }

  /** @type {Calls["infer"]} */
  async infer(sessionId, taskType, payload, { timeoutS, signal } = {}) {
    const sent = await Promise.all(Object.entries(payload).map(async ([name, value]) => [name, await base64(value)]));
    const json = { session_id: sessionId, task_type: taskType, payload: Object.fromEntries(sent), timeout_s: timeoutS };
    return (await this.json("/ml/infer", { method: "POST", json, signal })).result;
  }

  /** @type {Calls["publish"]} */
  async publish(sessionId, options) {
    if (options.body) await this.putSession(sessionId, options.body);
    const { Publication } = await import("./argusd_publication.js");
    const publication = new Publication(this, sessionId, options);
    await publication.begin();
    return publication;
  }

  /** @type {Calls["stream"]} */
  async stream(sessionId, name, { sampleRate } = {}) {
    const path = `/ml/stream/${encodeURIComponent(sessionId)}/${name}`;
    const url = new URL(path, this.url);
    url.protocol = url.protocol.replace("http", "ws");
    if (sampleRate) url.searchParams.set("sample_rate", String(sampleRate));
    // Not every token can be a protocol that a WebSocket offers: base64's has signs that none may have.
    const asked = { method: "POST", json: { path } };
    if (await this.bearer()) url.searchParams.set("ticket", (await this.json("/tickets", asked)).ticket);
    const { Stream } = await import("./argusd_stream.js");
    const stream = new Stream(new WebSocket(url));
    await stream.opened.catch((error) => this.#notOpened(path, error));
    return stream;
  }

  // Nobody is shown the answer to a handshake that fails. By HTTP the same path says why.
  async #notOpened(path, error) {
    const told = await this.request(path).catch((refused) => refused);
    throw told.code === NO_SOCKET ? error : told;
  }

  /** @type {Calls["events"]} */
  async *events(sessionId = null, { after = "", signal, onstate = () => {} } = {}) {
    const path = sessionId === null ? "/events" : `${sessionPath(sessionId)}/events`;
    let last = String(after);
    for (let attempt = 0, served = false; !signal?.aborted; attempt++) {
      try {
        for await (const message of this.#messages(path, last, signal)) {
          last = message.id ?? last;
          if (attempt > 0 || !served) onstate(true);
          [attempt, served] = [0, true];
          if (message.data) yield JSON.parse(message.data);
        }
      } catch (error) {
        if (signal?.aborted) return;
        if (!(served && error instanceof ArgusdError && error.passing)) throw error;
      }
      onstate(false);
      await pause(wait(attempt), signal);
    }
  }

  async *#messages(path, last, signal) {
    const gone = new AbortController();
    const headers = last ? { "Last-Event-ID": last } : undefined;
    try {
      const { body } = await this.request(path, { headers, signal: AbortSignal.any([gone.signal, signal ?? gone.signal]) });
      const reader = /** @type {any} */ (body).getReader();
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

export function sessionPath(id) {
  return `/sessions/${encodeURIComponent(id)}`;
}

/** @template Answer @param {Promise<Answer>} answer @returns {Promise<Answer>} */
function answered(answer) {
  return answer.catch((error) => {
    throw error instanceof TypeError ? unreachable() : error; // so fetch has it; all else is the caller's own abort
  });
}

export function unreachable() {
  return new ArgusdError("unreachable", 0, "The daemon does not answer.");
}

async function refusal(response) {
  const { status } = response;
  const reply = await response.json().catch(() => null);
  const sentence = reply?.error ?? `The daemon answered with HTTP status ${status}.`;
  return new ArgusdError(reply?.error_code ?? `http_${status}`, status, sentence, reply);
}

// Of a server-sent event; of a comment none. Its lines end by \n alone: JSON may have other line separators.
/** @returns {any} */
function fieldsOf(block) {
  return Object.fromEntries([...block.matchAll(/^([^:\n]+): ?([^\n]*)/gm)].map((found) => found.slice(1)));
}

async function base64(value) {
  if (!(value instanceof Blob || value instanceof ArrayBuffer || ArrayBuffer.isView(value))) return value;
  const bytes = new Uint8Array(await new Response(/** @type {any} */ (value)).arrayBuffer());
  return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
}

export function wait(attempt) {
  return Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS);
}

/** @type {(ms: number, signal?: AbortSignal) => Promise<void>} */
export function pause(ms, signal) {
  return new Promise((done) => {
    setTimeout(done, ms);
    signal?.addEventListener("abort", () => done(), { once: true });
  });
}
