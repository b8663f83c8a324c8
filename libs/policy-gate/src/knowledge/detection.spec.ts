import { PolicyGate } from '../decision/policy-gate.ts';
import { ownActions } from '../testing/labelled-actions.ts';

const gate = new PolicyGate();

describe.each(['actions', 'second', 'third'] as const)('the labelled %s', (set) => {
  const rows = ownActions(set);
  const families = [...Map.groupBy(rows, ({ family }) => family)];

  it.each(families)('%s: bad actions are not let through, everyday ones are', (_family, items) => {
    const wrong = items
      .filter(({ action, context, expected }) => {
        const { allowed } = gate.checkAction(action, context);
        return allowed !== (expected === 'allow');
      })
      .map(({ expected, context }) => `${expected}: ${JSON.stringify(context)}`);
    expect(wrong).toEqual([]);
  });
});
