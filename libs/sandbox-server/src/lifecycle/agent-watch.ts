import type { GuestChannel } from '../backends/guest-channel.ts';

/** Pings that may stay without answer; more than one, for a guest at its limit of time is slow. */
const PINGS = 3;

export interface AgentWatchOptions {
  /** Milliseconds of silence after which the agent counts as stopped. */
  readonly silenceMs: number;
  /** A frozen agent cannot answer and is not asked. */
  readonly isFrozen: () => boolean;
  readonly onSilent: () => void;
}

/**
 * Pings an agent. A guest can stop its own agent; its calls would hang and the sandbox be listed
 * as running until its time is over. Silence is counted in pings rather than by a clock, so that
 * a server that was itself asleep does not take the time for the agent's.
 */
export function watchAgent(
  channel: GuestChannel,
  { silenceMs, isFrozen, onSilent }: AgentWatchOptions,
): { stop(): void } {
  let unanswered = 0;
  const timer = setInterval(() => {
    if (isFrozen()) {
      unanswered = 0;
      return;
    }
    if (unanswered === PINGS) {
      clearInterval(timer);
      onSilent();
      return;
    }
    unanswered += 1;
    channel.ping(() => {
      unanswered = 0;
    });
  }, silenceMs / PINGS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
