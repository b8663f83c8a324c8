import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Duplex } from 'node:stream';

/** The server's end of the stream to one guest's agent. What comes out of it is hostile. */
export class GuestChannel {
  readonly #session: ClientHttp2Session;
  /**
   * Resolves when nothing more can be asked of the guest: it closed its end, or what it sent is
   * not HTTP/2, whether or not its processes live on.
   */
  readonly ended: Promise<void>;
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  constructor(stream: Duplex) {
    this.#session = connect('http://guest', {
      createConnection: () => stream,
      maxSessionMemory: 32,
      maxHeaderListPairs: 64,
      settings: { enablePush: false },
    });
    this.#session.on('error', () => {
      // Each request reports it; a guest that died is reported by its backend.
    });
    stream.on('error', () => this.#session.destroy());
    this.ended = new Promise((resolve) => {
      this.#session.once('close', resolve);
      // A guest that wants no further calls; those under way could last for ever.
      this.#session.once('goaway', () => resolve());
      stream.once('end', resolve);
      stream.once('close', resolve);
    });
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** @throws when the guest is gone; check {@link isOpen} first */
  request(headers: OutgoingHttpHeaders, endStream = false): ClientHttp2Stream {
    const stream = this.#session.request(headers, { endStream });
    this.#open += 1;
    stream.once('close', () => {
      this.#open -= 1;
      if (this.#open === 0) this.#waiting.splice(0).forEach((resolve) => resolve());
    });
    return stream;
  }

  /** Resolves when no call to the agent is under way: no command, upload or download. */
  async idle(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** One small call of the server's own; answers the status. */
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<number> {
    return new Promise((resolve, reject) => {
      const stream = this.request({ ':method': method, ':path': path });
      stream.once('response', (headers) => {
        stream.resume();
        resolve(Number(headers[constants.HTTP2_HEADER_STATUS]));
      });
      stream.once('error', reject);
      stream.once('close', () => reject(new Error('the guest closed its channel')));
      stream.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Calls back when the agent answers; false when no ping can be sent, or too many are out. */
  ping(answered: () => void): boolean {
    if (!this.isOpen) return false;
    return this.#session.ping((error) => {
      if (error === null) answered();
    });
  }

  close(): void {
    this.#session.destroy();
  }
}
