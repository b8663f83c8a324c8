import { closingLine, tallyOf } from './tally.mjs';

const file = (
  status: string,
  ...tests: [status: string, fullName: string][]
): Parameters<typeof tallyOf>[0]['testResults'][number] => ({
  name: 'a.spec.ts',
  status,
  message: 'the message of the file',
  assertionResults: tests.map(([state, fullName]) => ({
    status: state,
    fullName,
    failureMessages: state === 'failed' ? ['the cause'] : [],
  })),
});

describe('tallyOf', () => {
  it('counts and keeps what there is to tell', () => {
    const report = {
      testResults: [
        file('passed', ['passed', 'one'], ['pending', 'two (needs a Docker engine)']),
        file('failed', ['failed', 'three'], ['passed', 'four']),
      ],
    };
    expect(tallyOf(report)).toEqual({
      passed: 2,
      failed: 1,
      skipped: 1,
      failures: ['a.spec.ts: three\nthe cause'],
      skips: ['two (needs a Docker engine)'],
    });
  });

  it('counts a file that could not be run as a failure', () => {
    const { failed, failures } = tallyOf({ testResults: [file('failed')] });
    expect(failed).toBe(1);
    expect(failures).toEqual(['a.spec.ts: the message of the file']);
  });

  it.each(['pending', 'todo', 'disabled'])(
    'counts a %s test without a cause as failed',
    (status) => {
      const { failed, skipped } = tallyOf({ testResults: [file('passed', [status, 'some day'])] });
      expect({ failed, skipped }).toEqual({ failed: 1, skipped: 0 });
    },
  );

  it('ends with the line that is looked for', () => {
    expect(closingLine({ passed: 3, failed: 0, skipped: 1 })).toBe('3 passed, 0 failed, 1 skipped');
  });
});
