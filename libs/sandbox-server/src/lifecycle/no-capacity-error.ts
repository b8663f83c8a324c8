/** A refusal because of load or shutdown: nothing was started, the call may be repeated. */
export class NoCapacityError extends Error {
  /** Seconds after which it may go better. */
  readonly retryAfterS: number;

  constructor(message: string, retryAfterS = 1) {
    super(message);
    this.name = 'NoCapacityError';
    this.retryAfterS = retryAfterS;
  }
}
