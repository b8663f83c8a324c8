import type { ApiError } from '../api/api-error.ts';

/** What is known of the event stream. Times are milliseconds since the epoch. */
export interface LiveState {
  connected: boolean;
  /** When anything, a keep-alive too, last came from the stream. */
  heardAt?: number | undefined;
  /** When the last event came. */
  eventAt?: number | undefined;
  /** When the connection was lost, or first could not be made. */
  lostAt?: number | undefined;
  /** When the next attempt is made. */
  retryAt?: number | undefined;
  error?: ApiError | undefined;
}

export type LiveSignal =
  | { type: 'connected'; at: number }
  | { type: 'heard'; at: number; events: number }
  | { type: 'trying' }
  | { type: 'lost'; at: number; retryAt: number; error: ApiError };

/**
 * - `connecting`: the first attempt is under way;
 * - `live`: what the page shows is current;
 * - `reconnecting`: the connection broke a moment ago;
 * - `stale`: it has been broken for longer, the page shows what it last knew;
 * - `unavailable`: there never was one.
 */
export type LivePhase = 'connecting' | 'live' | 'reconnecting' | 'stale' | 'unavailable';

/** How long a broken connection counts as a hiccup, and an answer without events as current (ms). */
export const HICCUP = 5000;

export const INITIAL_LIVE_STATE: LiveState = { connected: false };

export function nextLiveState(state: LiveState, signal: LiveSignal): LiveState {
  switch (signal.type) {
    case 'connected':
      return { connected: true, heardAt: signal.at, eventAt: state.eventAt };
    case 'heard':
      return {
        ...state,
        heardAt: signal.at,
        eventAt: signal.events > 0 ? signal.at : state.eventAt,
      };
    case 'trying':
      return { ...state, retryAt: undefined };
    case 'lost': {
      const { at, retryAt, error } = signal;
      return { ...state, connected: false, lostAt: state.lostAt ?? at, retryAt, error };
    }
  }
}

export function livePhase(state: LiveState, now: number): LivePhase {
  if (state.connected) return 'live';
  if (state.heardAt === undefined) return state.error ? 'unavailable' : 'connecting';
  return now - (state.lostAt ?? now) < HICCUP ? 'reconnecting' : 'stale';
}
