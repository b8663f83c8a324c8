import { coded } from '../test/coded.ts';
import { checkHoldId, checkRunId } from './identifier.ts';

const refusedByBoth = [
  '',
  'x'.repeat(257),
  'a\nb',
  '\u0000',
  'a\u007f',
  '\u0085',
  '\ud800',
  7,
  null,
];
const takenByBoth = ['a', 'x'.repeat(256), 'a}b', '{', 'r{', 'ü☃', ' ', '😀', '-inf'];

describe('identifiers', () => {
  it.each([...refusedByBoth, '}', '}x'])('refuses the run id %p', (id) => {
    expect(() => checkRunId(id as string)).toThrow(coded('invalid_run_id'));
  });

  it.each(refusedByBoth)('refuses the hold id %p', (id) => {
    expect(() => checkHoldId(id as string)).toThrow(coded('invalid_hold_id'));
  });

  it.each(takenByBoth)('takes %p as either', (id) => {
    expect(() => checkRunId(id)).not.toThrow();
    expect(() => checkHoldId(id)).not.toThrow();
  });
});
