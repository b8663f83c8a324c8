import fc from 'fast-check';

import { DENIED_COMMANDS, disguisedCommand, shellSoup } from '../testing/disguises.ts';
import { PolicyGate } from './policy-gate.ts';

const gate = new PolicyGate();

it.each(DENIED_COMMANDS.map((words) => [words.join(' '), words] as const))(
  'denies %s in the clear',
  (_name, words) => {
    const command = words.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ');
    expect(gate.checkCodeExecution(command)).toMatchObject({
      allowed: false,
      requires_approval: false,
    });
  },
);

it('no spelling and no wrapping turns a denied command into an allowed one', () => {
  fc.assert(
    fc.property(disguisedCommand, (command) => {
      expect([command, gate.checkCodeExecution(command).allowed]).toEqual([command, false]);
    }),
    { numRuns: 1500 },
  );
});

it('answers anything, the same way each time, and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(shellSoup, fc.string({ unit: 'binary', maxLength: 200 })), (text) => {
      for (const context of [
        { command: text },
        { code: text, language: 'python' },
        { code: text, language: 'typescript' },
        { code: text, language: 'ruby' },
      ]) {
        const decision = gate.checkAction('execute_code', context);
        expect(decision.reason_code).not.toBe('internal_error');
        expect(gate.checkAction('execute_code', context)).toEqual(decision);
      }
      const query = gate.checkAction('query_database', { sql: text });
      expect(query.reason_code).not.toBe('internal_error');
      const request = gate.checkAction('network_access', { url: text });
      expect(request.reason_code).not.toBe('internal_error');
    }),
    { numRuns: 400 },
  );
});

it('spans lie inside the text that was checked', () => {
  fc.assert(
    fc.property(fc.oneof(disguisedCommand, shellSoup), (command) => {
      for (const { span } of gate.checkCodeExecution(command).findings) {
        if (span === undefined) continue;
        expect(span.start).toBeGreaterThanOrEqual(0);
        expect(span.end).toBeLessThanOrEqual(command.length);
        expect(span.start).toBeLessThanOrEqual(span.end);
      }
    }),
    { numRuns: 500 },
  );
});

it.each<[string, string]>([
  ['300 nested substitutions', `${'$('.repeat(300)}rm -rf /${')'.repeat(300)}`],
  ['10,000 nested substitutions', `${'$('.repeat(10_000)}rm -rf /${')'.repeat(10_000)}`],
  ['20,000 statements', `${'true;'.repeat(20_000)}rm -rf /`],
  ['1 MB of padding', `${' '.repeat(1_000_000)}rm -rf /`],
  ['1 MB of arguments', `echo ${'a '.repeat(500_000)}; rm -rf /`],
  ['nested braces', `echo ${'{a,b}'.repeat(40)}; rm -rf /`],
  ['doubling variables', `a=aaaaaaaaaa; ${'a=$a$a; '.repeat(60)} rm -rf /`],
  ['functions that call one another', `f(){ g; g; }; g(){ h; h; }; h(){ f; f; }; f; rm -rf /`],
  [
    'a loop in a loop in a loop',
    `${'for i in 1 2 3 4 5 6 7 8; do '.repeat(9)}x;${'done;'.repeat(9)} rm -rf /`,
  ],
  ['quotes that never close', `${'"\'`$('.repeat(20_000)}rm -rf /`],
  ['a null byte', 'echo \u0000; rm -rf /'],
])('a limit never lets through what stands behind it: %s', (_name, command) => {
  expect(gate.checkCodeExecution(command).allowed).toBe(false);
});
