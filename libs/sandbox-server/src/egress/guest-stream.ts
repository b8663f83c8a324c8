import { constants, type ServerHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';

export interface GuestStreamOptions {
  /** Ends the stream when nothing went through it for that long, in milliseconds. */
  readonly idleMs: number;
  /** Told of the bytes of each piece, in both directions. */
  readonly onBytes: (bytes: number) => void;
}

/** One connection of a guest, as the byte stream that its HTTP/2 stream carries. */
export class GuestStream extends Duplex {
  readonly #stream: ServerHttp2Stream;
  readonly #onBytes: (bytes: number) => void;
  readonly #idle: NodeJS.Timeout;

  constructor(stream: ServerHttp2Stream, { idleMs, onBytes }: GuestStreamOptions) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    this.#onBytes = onBytes;
    this.#idle = setTimeout(() => this.destroy(), idleMs);
    // Each request that waits on it has its own.
    this.setMaxListeners(0);
    this.on('error', () => {
      // Whoever uses the stream sees it close.
    });
    stream.on('data', (chunk: Buffer) => {
      this.#count(chunk.length);
      if (!this.push(chunk)) stream.pause();
    });
    stream.pause();
    stream.once('end', () => this.push(null));
    stream.on('error', () => {
      // 'close' follows.
    });
    stream.once('close', () => this.destroy());
  }

  /** As a socket's: ends it and lets it go when all that was written is out. */
  destroySoon(): void {
    this.end(() => this.destroy());
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#count(chunk.length);
    if (this.#stream.destroyed || this.destroyed) done(new Error('the guest is gone'));
    else this.#stream.write(chunk, done);
  }

  override _final(done: () => void): void {
    if (this.#stream.destroyed) done();
    else this.#stream.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idle);
    if (!this.#stream.closed) {
      const isDone = error === null && this.writableFinished;
      this.#stream.close(isDone ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL);
    }
    done(error);
  }

  #count(bytes: number): void {
    this.#idle.refresh();
    this.#onBytes(bytes);
  }
}
