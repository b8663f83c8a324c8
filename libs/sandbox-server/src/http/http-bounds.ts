/** What one caller may hold of the server. */
export interface HttpBounds {
  /** Connections at once, of all callers; further ones are closed at once. */
  readonly connections: number;
  /** Milliseconds for the head of a request. */
  readonly headMs: number;
  /** Milliseconds for the body of a call of the REST interface. */
  readonly bodyMs: number;
  /** Milliseconds in which nothing of an upload arrives, or is taken by the guest. */
  readonly uploadIdleMs: number;
  /** Milliseconds for a sandbox to say that it is well. */
  readonly healthMs: number;
}

export const HTTP_BOUNDS: HttpBounds = {
  connections: 1_000,
  headMs: 10_000,
  bodyMs: 10_000,
  uploadIdleMs: 60_000,
  healthMs: 2_000,
};
