import { render, screen } from '@testing-library/react';
import { unreachable } from '../api/api-error.ts';
import { ListState } from './list-state.tsx';
import { countText } from './use-live-list.ts';
import type { Freshness, LiveRows } from './use-live-list.ts';

function list(freshness: Freshness, rows: readonly string[]): LiveRows<string> {
  return {
    rows,
    freshness,
    readAt: 0,
    error: freshness === 'current' || freshness === 'loading' ? null : unreachable(),
    more: false,
    readMore: () => undefined,
    readingMore: false,
  };
}

function show(freshness: Freshness, rows: readonly string[]): string {
  const { container } = render(
    <ListState list={list(freshness, rows)} skeleton={1} empty="EMPTY">
      ROWS
    </ListState>,
  );
  return container.textContent;
}

describe('ListState', () => {
  it('is empty for an empty answer that is current, and for nothing else', () => {
    expect(show('current', [])).toBe('EMPTY');
    for (const freshness of ['loading', 'stale', 'failed'] as const) {
      expect(show(freshness, [])).not.toContain('EMPTY');
    }
  });

  it('keeps old rows, and says what to do when there never were any', () => {
    expect(show('stale', ['a'])).toBe('ROWS');
    expect(show('failed', [])).toContain(unreachable().detail);
    expect(screen.getAllByText('Not known at the moment').length).toBeGreaterThan(0);
  });
});

describe('countText', () => {
  it('is a figure only while it is known to be true', () => {
    expect(countText(list('current', []), 0)).toBe('0');
    expect(countText({ ...list('current', []), more: true }, 200)).toBe('200+');
    for (const freshness of ['loading', 'stale', 'failed'] as const) {
      expect(countText(list(freshness, []), 0)).toBe('?');
    }
  });
});
