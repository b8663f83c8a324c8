/** Events at once, and events a second after that. */
const BURST = 200;
const PER_SECOND = 5;

/** Keeps one sandbox from pushing the events of all others out of the server's log. */
export class EventBudget {
  #left = BURST;
  #at = performance.now();
  #suppressed = 0;

  /** How many events went untold since the last one; undefined when this one must, too. */
  spend(): number | undefined {
    const now = performance.now();
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) / 1000) * PER_SECOND);
    this.#at = now;
    if (this.#left < 1) {
      this.#suppressed += 1;
      return undefined;
    }
    this.#left -= 1;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed;
  }
}
