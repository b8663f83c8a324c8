/**
 * Starts a few sandboxes at a time. Started all at once, fifty would each take fifty times as long
 * and none be there in time; one after another, processors would idle.
 */
export class LaunchQueue {
  readonly #atOnce: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Runs `launch` when it is its turn; its own clocks are to start then and not before. */
  async run<T>(launch: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await launch();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
