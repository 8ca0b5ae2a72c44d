// What argusd.js takes and gives. Whatever the daemon refuses is an ArgusdError: `code` is stable, `message` a
// sentence, `status` HTTP's (0: no answer), `passing` whether the same may succeed later.

import type { Publication } from "./argusd_publication.js";
import type { Stream } from "./argusd_stream.js";

/** What an `Argusd` can be asked. */
export interface Calls {
  /** The answer to a request that it takes. Every other method asks by this one. */
  request(path: string | URL, asked?: Asked): Promise<Response>;
  /** The JSON of an answer. */
  json(path: string, asked?: Asked): Promise<any>;
  sessions(): Promise<Sessions>;
  session(id: string): Promise<Session>;
  putSession(id: string, body: SessionSpec): Promise<Session>;
  /** End a session and forget all of it. */
  deleteSession(id: string): Promise<void>;
  results(id: string): Promise<Results>;
  /** Run a task; fields of the payload that are bytes or a Blob are sent as base64. */
  infer(
    sessionId: string, taskType: string, payload: Record<string, any>,
    options?: { timeoutS?: number; signal?: AbortSignal },
  ): Promise<Record<string, any>>;
  /** Publish a camera by WebRTC (WHIP), once media can flow. */
  publish(sessionId: string, options: Publishing): Promise<Publication>;
  /** Send pictures or sound by WebSocket; iterate over it for the answers, which end with an error unless you close
   * it. `sampleRate`: of samples, Hz. */
  stream(sessionId: string, name: string, options?: { sampleRate?: number }): Promise<Stream>;
  /** The events of a session, or of all (`null`), across lost connections: each once, in order. It ends with an
   * error where the daemon says no, or the very first connection cannot be made. */
  events(sessionId?: string | null, how?: Following): AsyncGenerator<Event | Gap, void>;
}

/** What the daemon found, or a session's change; `captured_at` is in unix seconds. */
export interface Event {
  id: string;
  session_id: string;
  seq: number;
  type: "violation" | "observation" | "session";
  stream: string;
  name: string;
  state: "start" | "update" | "end";
  severity: "info" | "warning" | "critical";
  confidence: number;
  captured_at: number;
  frame_age_ms: number;
  data: Record<string, any>;
  evidence_id: string | null;
}

/** Events that are lost: `missed` of them, where that is known. */
export interface Gap {
  type: "gap";
  id?: undefined;
  session_id?: string;
  missed?: number;
  reason?: string;
}

/** A stream's newest result; `data` is the stream's own. */
export interface Result {
  captured_at: number;
  frame_age_ms: number;
  skipped: number;
  models: Record<string, string>;
  data: Record<string, any>;
  state?: "unknown";
  reason?: string;
}

/** One kind of violation in a session; `open_since_s` is media time, `last_at` unix seconds. */
export interface Violation {
  count: number;
  total_s: number;
  open_since_s: number | null;
  last_at: number | null;
}

/** What is known of a session now. */
export interface Results {
  session_id: string;
  state: string;
  streams: Record<string, Result>;
  violations: Record<string, Violation>;
}

export interface Session {
  session_id: string;
  state: "created" | "connecting" | "live" | "stale" | "closed" | "lost";
  streams: string[];
  policy: Record<string, any>;
  tracks: Record<string, any>[];
  created_at: number;
  updated_at: number;
  [further: string]: any;
}

export interface Sessions {
  sessions: Session[];
  fits_more: number | null;
}

/** What to watch, and how. */
export interface SessionSpec {
  streams?: string[];
  policy?: Record<string, any>;
}

/** As for `fetch`; `json` is sent as JSON. */
export interface Asked extends RequestInit {
  headers?: Record<string, string>;
  json?: unknown;
}

/** A function is asked each time. */
export type Token = string | null | (() => string | null | Promise<string | null>);

export interface Following {
  /** An event's id, 0 for the oldest that is kept, -50 for fifty ago; by default events begin now. */
  after?: string | number;
  signal?: AbortSignal;
  /** Hears whether events arrive now. */
  onstate?: (live: boolean) => void;
}

/** A publication that is lost is made anew. */
export type PublicationState = "live" | "lost" | "over";

export interface Publishing {
  stream: MediaStream;
  /** Defines the session first. */
  body?: SessionSpec;
  onstate?: (state: PublicationState) => void;
  /** Closes it, also while it is made. */
  signal?: AbortSignal;
}
