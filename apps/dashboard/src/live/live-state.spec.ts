import { unreachable } from '../api/api-error.ts';
import { HICCUP, INITIAL_LIVE_STATE, livePhase, nextLiveState } from './live-state.ts';
import type { LiveSignal, LiveState } from './live-state.ts';

function after(...signals: LiveSignal[]): LiveState {
  return signals.reduce(nextLiveState, INITIAL_LIVE_STATE);
}

const connected: LiveSignal = { type: 'connected', at: 1000 };
const lost = (at: number): LiveSignal => ({
  type: 'lost',
  at,
  retryAt: at + 500,
  error: unreachable(),
});

describe('livePhase', () => {
  it('connects first', () => {
    expect(livePhase(after({ type: 'trying' }), 0)).toBe('connecting');
  });

  it('is unavailable when it never heard anything', () => {
    const state = after({ type: 'trying' }, lost(10), { type: 'trying' });
    expect(livePhase(state, 11)).toBe('unavailable');
  });

  it('is live while it is connected', () => {
    expect(livePhase(after(connected), 30_000)).toBe('live');
  });

  it('is a hiccup at first, then stale, counted from the first loss', () => {
    const state = after(connected, lost(2000), { type: 'trying' }, lost(4000));
    expect(livePhase(state, 2000 + HICCUP - 1)).toBe('reconnecting');
    expect(livePhase(state, 2000 + HICCUP)).toBe('stale');
  });

  it('is live again with nothing left of the loss', () => {
    const state = after(connected, lost(2000), { type: 'connected', at: 9000 });
    expect(livePhase(state, 9001)).toBe('live');
    expect(state.error).toBeUndefined();
    expect(livePhase(nextLiveState(state, lost(20_000)), 20_001)).toBe('reconnecting');
  });

  it('tells events from keep-alives', () => {
    const heard = after(connected, { type: 'heard', at: 1500, events: 2 });
    const kept = nextLiveState(heard, { type: 'heard', at: 9000, events: 0 });
    expect(kept).toMatchObject({ heardAt: 9000, eventAt: 1500 });
  });
});
