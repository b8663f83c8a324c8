import { EventLog } from './event-log.ts';
import type { ServerEvent } from './server-event.ts';

describe('EventLog', () => {
  const sandbox = (id: string) => ({ id, metadata: { run: `of ${id}` } });

  it('tells each event at once, and again to who asks', () => {
    const told: ServerEvent[] = [];
    const log = new EventLog((event) => told.push(event));
    log.add(sandbox('a'), { type: 'created', template: 'base' });
    log.add(sandbox('b'), { type: 'paused' });
    log.add(sandbox('a'), { type: 'ended', cause: 'killed' });
    expect(told.map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'created'],
      [2, 'paused'],
      [3, 'ended'],
    ]);
    expect(log.after(0, 10)).toEqual(told);
    expect(log.after(1, 1)).toEqual([told[1]]);
    expect(log.after(1, 10, 'a')).toEqual([told[2]]);
    expect(told[0]).toMatchObject({ sandbox_id: 'a', metadata: { run: 'of a' } });
  });

  it('forgets the oldest of very many', () => {
    const log = new EventLog();
    for (let event = 0; event < 10_005; event += 1) log.add(sandbox('a'), { type: 'paused' });
    const [first] = log.after(0, 1);
    expect(first?.seq).toBe(6);
    expect(log.after(10_004, 10)).toHaveLength(1);
  });
});
