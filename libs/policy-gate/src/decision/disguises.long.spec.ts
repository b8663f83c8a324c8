import fc from 'fast-check';

import { disguisedCommand, shellSoup } from '../testing/disguises.ts';
import { PolicyGate } from './policy-gate.ts';

const gate = new PolicyGate();

it('no spelling and no wrapping of 60,000 turns a denied command into an allowed one', () => {
  fc.assert(
    fc.property(disguisedCommand, (command) => {
      expect([command, gate.checkCodeExecution(command).allowed]).toEqual([command, false]);
    }),
    { numRuns: 60_000 },
  );
}, 300_000);

it('a denied command behind any soup of shell is not let through by a fault of the analysis', () => {
  fc.assert(
    fc.property(shellSoup, (soup) => {
      const decision = gate.checkCodeExecution(soup);
      expect(decision.reason_code).not.toBe('internal_error');
    }),
    { numRuns: 60_000 },
  );
}, 300_000);
