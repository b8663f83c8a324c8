import fc from 'fast-check';
import type { SandboxRecord } from '../lifecycle/sandbox-record.ts';
import { selectPage, selectRunning } from './list-query.ts';

function record(number: number, startedAt: number, state: SandboxRecord['state']): SandboxRecord {
  return {
    id: `i${number.toString(16).padStart(20, '0')}`,
    startedAt: new Date(startedAt),
    state,
    template: 'base',
    metadata: {},
  } as unknown as SandboxRecord;
}

const query = (text: string): URLSearchParams => new URLSearchParams(text);
const idsOf = (records: readonly SandboxRecord[]): string[] => records.map(({ id }) => id);

describe('the pages of a list', () => {
  const places = fc.uniqueArray(fc.tuple(fc.nat(200), fc.nat(5), fc.boolean()), {
    selector: ([number]) => number,
    maxLength: 30,
  });

  it('tell each sandbox once that is there from the first page to the last', () => {
    fc.assert(
      fc.property(
        places,
        places,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('asc', 'desc'),
        (staying, passing, limit, order) => {
          const kept = staying.map(([number, at]) => record(number, at, 'running'));
          const others = passing
            .filter(([number]) => !staying.some(([taken]) => taken === number))
            .map(([number, at]) => record(number, at, 'running'));
          const seen: string[] = [];
          let token: string | undefined;
          for (let page = 0; page < 100; page += 1) {
            // Others come and go between two pages.
            const there = [...kept, ...others.filter((_one, index) => index % 3 !== page % 3)];
            const { records, nextToken } = selectPage(
              there,
              query(`limit=${limit}&order=${order}&nextToken=${token ?? ''}`),
            );
            seen.push(...idsOf(records));
            token = nextToken;
            if (token === undefined) break;
          }
          expect(token).toBeUndefined();
          expect(new Set(seen).size).toBe(seen.length);
          expect(seen).toEqual(expect.arrayContaining(idsOf(kept)));
        },
      ),
    );
  });

  it('are of the states that are asked for, both when none is', () => {
    const records = [record(1, 1, 'running'), record(2, 2, 'paused')];
    const [running, paused] = idsOf(records);
    expect(idsOf(selectPage(records, query('')).records)).toEqual([paused, running]);
    expect(idsOf(selectPage(records, query('state=paused')).records)).toEqual([paused]);
    expect(idsOf(selectPage(records, query('state=running,paused')).records)).toHaveLength(2);
    expect(idsOf(selectPage(records, query('state=running&state=paused')).records)).toHaveLength(2);
    expect(idsOf(selectRunning(records, query('state=paused')))).toEqual([running]);
  });

  it('begin at startedAfter itself', () => {
    const records = [record(1, 1_000, 'running'), record(2, 2_000, 'running')];
    const after = (ms: number): string[] =>
      idsOf(selectPage(records, query(`startedAfter=${new Date(ms).toISOString()}`)).records);
    expect(after(2_000)).toEqual([records[1]?.id]);
    expect(after(2_001)).toEqual([]);
  });
});

describe('the list of older SDKs', () => {
  it('has no pages', () => {
    const records = Array.from({ length: 150 }, (_none, index) => record(index, index, 'running'));
    expect(selectRunning(records, query('limit=1'))).toHaveLength(150);
    expect(selectRunning(records, query('metadata=a%3Db'))).toEqual([]);
  });
});
