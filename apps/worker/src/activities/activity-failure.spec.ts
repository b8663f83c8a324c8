import { SandboxFailedError } from '@ae/safe-execution';
import { ApplicationFailure } from '@temporalio/common';
import { FAILURE_TYPES } from '../failure-types.ts';
import { activityFailure } from './activity-failure.ts';

/** The failure of an execution whose sandbox answered with `code`. */
function failureOf(code: string): Error {
  const cause = Object.assign(new Error('the sandbox says no'), { code });
  return activityFailure(new SandboxFailedError('it failed', { cause }), (text) => text);
}

describe('activityFailure', () => {
  it('bug: a wrong cwd was tried six times as if the sandbox were down', () => {
    const failure = failureOf('invalid_argument');
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: FAILURE_TYPES.invalidInput, nonRetryable: true });
  });

  it('tries again when the sandbox itself failed', () => {
    const failure = failureOf('sandbox_failed');
    expect(failure).toMatchObject({ type: FAILURE_TYPES.sandboxFailed, nonRetryable: false });
  });
});
