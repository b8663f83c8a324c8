import { PolicyGate } from '../decision/policy-gate.ts';
import { FAMILIES } from './families.ts';

const gate = new PolicyGate();

describe.each(FAMILIES)('family $name', (family) => {
  it.each(family.entries.map((entry) => [entry.id, entry] as const))('%s', (_id, entry) => {
    expect(entry.match.length).toBeGreaterThan(0);
    expect(entry.pass.length).toBeGreaterThan(0);
    const wrong = [
      ...entry.match
        .filter((command) => !ids(command).includes(entry.id))
        .map((command) => `not matched: ${command}`),
      ...entry.match
        .filter((command) => gate.checkCodeExecution(command).allowed)
        .map((command) => `allowed: ${command}`),
      ...entry.pass
        .filter((command) => ids(command).includes(entry.id))
        .map((command) => `matched: ${command}`),
      ...entry.pass
        .filter((command) => !gate.checkCodeExecution(command).allowed)
        .map((command) => `not allowed: ${command}`),
    ];
    expect(wrong).toEqual([]);
  });
});

it('uses every id once', () => {
  const all = FAMILIES.flatMap((family) => family.entries.map((entry) => entry.id));
  expect(all).toEqual([...new Set(all)]);
});

function ids(command: string): string[] {
  return gate.checkCodeExecution(command).rule_ids;
}
