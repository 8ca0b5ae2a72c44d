// Pictures or sound by WebSocket; each look at them is answered.

import { ArgusdError, unreachable } from "./argusd.js";

const MOST_UNSENT = 1 << 20; // bytes; what comes beyond is dropped
const MOST_ANSWERS = 64; // that nobody takes; the oldest goes

export class Stream {
  #answers = [];
  #news = () => {};
  #over = false;

  constructor(socket) {
    this.socket = socket;
    this.opened = new Promise((done, failed) => {
      socket.onopen = done;
      socket.onclose = () => { this.#over = true; this.#news(); failed(unreachable()); };
    });
    socket.onmessage = ({ data }) => {
      this.#answers.push(JSON.parse(data));
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
    this.socket.close();
  }

  /** @returns {AsyncGenerator<Record<string, any>, void>} */
  async *[Symbol.asyncIterator]() {
    while (true) {
      for (let answer; (answer = this.#answers.shift()); ) {
        if (answer.success === false) throw new ArgusdError(answer.error_code, 0, answer.error, answer);
        yield answer;
      }
      if (this.#over) return;
      await new Promise((done) => { this.#news = () => done(null); });
    }
  }
}
