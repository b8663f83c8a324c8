const KEEPALIVE_MS = 30_000;

/** One end of a stream to a caller. `send` answers false when the caller is slower than we are. */
export interface EventSink {
  send(message: unknown): boolean;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
  /** Milliseconds the caller gives the call; undefined for no limit. */
  readonly timeoutMs: number | undefined;
}

/** Sends `message` now and then, lest what lies between take a quiet stream for a dead one. */
export function keepAlive(sink: EventSink, message: unknown): () => void {
  const timer = setInterval(() => sink.send(message), KEEPALIVE_MS);
  return () => clearInterval(timer);
}
