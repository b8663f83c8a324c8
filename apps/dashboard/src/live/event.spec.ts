/** @jest-environment node */
import { eventSchema } from '@ae/contracts';
import type { NewEvent } from '@ae/contracts';
import { APPROVAL, FAMILY_BUDGET, sampleBudget, sampleDay } from '../browser/sample.ts';
import { readEvent } from './event.ts';

const decided: NewEvent = {
  type: 'policy.decided',
  data: {
    decision_id: 'dec_0198c5a4-6f5e-7c3a-9d3e-0123456789ab',
    action: 'execute_code',
    allowed: false,
    requires_approval: false,
    reason_code: 'destructive_command',
    reason: 'No.',
  },
};

const events: NewEvent[] = [
  ...sampleDay().runs.map((run): NewEvent => ({ type: 'run.updated', data: run })),
  { type: 'run.output', data: { run_id: 'r', stream: 'stderr', text: 'x\n' } },
  { type: 'budget.updated', data: sampleBudget('r', 0.1, 1, 0.2) },
  { type: 'budget.updated', data: FAMILY_BUDGET },
  { type: 'budget.deleted', data: { run_id: 'r' } },
  { type: 'budget.threshold', data: { run_id: 'r', threshold: 80, budget: FAMILY_BUDGET } },
  { type: 'approval.updated', data: APPROVAL },
  decided,
];

describe('readEvent', () => {
  it.each(events.map((event, index) => [`${event.type} ${index}`, event] as const))(
    'reads %s of the contract',
    (_, event) => {
      const sent = eventSchema.parse({ ...event, id: '1', timestamp: new Date().toISOString() });
      const data = JSON.stringify(sent);
      expect(readEvent({ id: '1', event: event.type, data })).toMatchObject({
        type: event.type,
        data: {
          ...event.data,
          ...('error' in event.data && { error: expect.anything() as unknown }),
        },
      });
    },
  );

  it.each(['', '{', '{"type":"later.made"}', 'null'])('reads nothing of %j', (data) => {
    expect(readEvent({ id: '1', event: 'x', data })).toBeUndefined();
  });
});
