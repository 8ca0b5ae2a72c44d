// Pictures or sound by WebSocket; each look at them is answered.

import { ArgusdError, unreachable } from "./argusd.js";

const MOST_UNSENT = 1 << 20; // bytes; what comes beyond is dropped
const MOST_ANSWERS = 64; // that nobody takes; the oldest goes
const TOO_LARGE = 1009; // RFC 6455, 7.4.1: nothing is said before
const CLOSE_CODES = 4000; // plus HTTP's status: the daemon says no

export class Stream {
  #answers = [];
  #news = () => {};
  #left = false;
  #refusal = null; // what the daemon says before it closes
  #end = null;

  constructor(socket) {
    this.socket = socket;
    this.opened = new Promise((done, failed) => {
      socket.onopen = done;
      socket.onerror = () => failed(unreachable()); // Node says no more of a handshake that fails
      socket.onclose = (end) => { this.#end = end; this.#news(); failed(unreachable()); };
    });
    socket.onmessage = ({ data }) => {
      const answer = JSON.parse(data);
      if (answer.success === false) return (this.#refusal = answer);
      this.#answers.push(answer);
      if (this.#answers.length > MOST_ANSWERS) this.#answers.shift();
      this.#news();
    };
  }

  /** False where the connection is too slow for it, and it is dropped. */
  send(media) {
    if (this.socket.readyState !== WebSocket.OPEN || this.socket.bufferedAmount > MOST_UNSENT) return false;
    const bytes = media instanceof ArrayBuffer || media instanceof Blob || ArrayBuffer.isView(media);
    this.socket.send(bytes ? media : JSON.stringify(media));
    return true;
  }

  close() {
    this.#left = true;
    this.socket.close();
  }

  /** @returns {AsyncGenerator<Record<string, any>, void>} */
  async *[Symbol.asyncIterator]() {
    while (true) {
      for (let answer; (answer = this.#answers.shift()); ) yield answer;
      if (this.#end && this.#left) return;
      if (this.#end) throw ending(this.#end, this.#refusal);
      await new Promise((done) => { this.#news = () => done(null); });
    }
  }
}

// Of a stream that its caller has not closed.
function ending({ code, reason }, reply) {
  if (code === TOO_LARGE) return new ArgusdError("body_too_large", 413, "The message is larger than the daemon takes.");
  if (code < CLOSE_CODES) return unreachable();
  const status = code - CLOSE_CODES;
  return new ArgusdError(reason, status, reply?.error ?? `The daemon ended the stream with status ${status}.`, reply);
}
