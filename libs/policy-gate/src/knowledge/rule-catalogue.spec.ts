import { PolicyGate } from '../decision/policy-gate.ts';
import { PRESETS } from '../policy/presets.ts';
import { RULE_CATALOGUE, matchesBuiltInRule } from './rule-catalogue.ts';
import { ownActions } from '../testing/labelled-actions.ts';

it('names every rule once', () => {
  const ids = RULE_CATALOGUE.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

it.each(['actions', 'second', 'third'] as const)(
  'knows every rule that answers for the labelled %s',
  (set) => {
    const gate = new PolicyGate({ actions: { deploy: { enabled: true } } });
    const rows = ownActions(set);
    expect(rows.length).toBeGreaterThan(250);
    const verdicts = new Map(RULE_CATALOGUE.map(({ id, verdict }) => [id, verdict]));
    const strength = { allow: 0, approve: 1, deny: 2 };
    const wrong = rows.flatMap(({ action, context }) =>
      gate
        .checkAction(action, context)
        .effects.filter(({ rule_id: id, verdict }) => {
          const most = verdicts.get(id);
          return most === undefined || strength[verdict] > strength[most];
        })
        .map(({ rule_id: id, verdict }) => `${id}: ${verdict}`),
    );
    expect([...new Set(wrong)]).toEqual([]);
  },
);

it('knows the rules that presets speak of', () => {
  for (const { rules } of Object.values(PRESETS)) {
    for (const { when } of rules) {
      for (const pattern of [when.rule_id ?? []].flat()) {
        expect([pattern, matchesBuiltInRule(pattern)]).toEqual([pattern, true]);
      }
    }
  }
});
