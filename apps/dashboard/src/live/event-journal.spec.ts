import type { Event } from '@ae/contracts';
import { EventJournal } from './event-journal.ts';

function deleted(id: number): Event {
  const timestamp = '2026-11-25T00:00:00.000Z';
  return { id: String(id), timestamp, type: 'budget.deleted', data: { run_id: `run-${id}` } };
}

const collect = (ids: readonly string[], { id }: Event) => [...ids, id];

describe('EventJournal', () => {
  it('brings an answer up to date with what came while it was under way', async () => {
    const journal = new EventJournal();
    journal.append([deleted(1)]);
    const answer = await journal.upToDate(() => {
      journal.append([deleted(2), deleted(3)]);
      return Promise.resolve<readonly string[]>([]);
    }, collect);
    expect(answer).toEqual(['2', '3']);
  });

  it('asks again when more came than it keeps', async () => {
    const journal = new EventJournal(3);
    let asked = 0;
    const answer = await journal.upToDate(() => {
      asked += 1;
      if (asked === 1) journal.append([1, 2, 3, 4].map(deleted));
      return Promise.resolve<readonly string[]>([`answer ${asked}`]);
    }, collect);
    expect(answer).toEqual(['answer 2']);
  });
});
