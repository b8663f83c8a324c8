import type { RunProgress } from '@ae/contracts';
import { ProgressReporter } from './progress-reporter.ts';

function recorder(fail: (call: number) => boolean = () => false) {
  const told: RunProgress[] = [];
  const failures: unknown[] = [];
  let calls = 0;
  const reporter = new ProgressReporter(
    (progress) => {
      calls += 1;
      if (fail(calls)) return Promise.reject(new Error('away'));
      told.push(structuredClone(progress));
      return Promise.resolve();
    },
    (error) => failures.push(error),
  );
  const text = (stream: string): string =>
    told
      .flatMap(({ output }) => output ?? [])
      .filter((entry) => entry.stream === stream)
      .map((entry) => entry.text)
      .join('');
  return { told, failures, reporter, text };
}
const step = { name: 'execute', status: 'running', started_at: '2026-01-01T00:00:00Z' } as const;

it('tells all output in order, split so that each report stays small', async () => {
  const { told, reporter, text } = recorder();
  const long = '😀'.repeat(200_000);
  reporter.output('stdout', 'a');
  reporter.output('stderr', 'b');
  reporter.output('stdout', long);
  await reporter.close();
  expect(text('stdout')).toBe(`a${long}`);
  expect(text('stderr')).toBe('b');
  for (const { output } of told) {
    const size = (output ?? []).reduce((sum, entry) => sum + entry.text.length, 0);
    expect(size).toBeLessThanOrEqual(256 * 1024);
    for (const entry of output ?? []) expect(entry.text.isWellFormed()).toBe(true);
  }
});

it('says once that the run is running, and gives the steps as they were', async () => {
  const { told, reporter } = recorder();
  const steps: { name: string; status: 'running' | 'succeeded'; started_at: string }[] = [
    { ...step },
  ];
  reporter.steps(steps);
  steps[0]!.status = 'succeeded';
  await reporter.close();
  expect(told).toEqual([{ status: 'running', steps: [step] }]);
});

it('tells the steps of several executions', async () => {
  const { told, reporter } = recorder();
  const other = { ...step, started_at: '2026-01-01T00:00:01Z' };
  reporter.steps([step]);
  reporter.steps([other]);
  await reporter.close();
  expect(told[0]?.steps).toEqual([step, other]);
});

it('puts what comes close together into one report', async () => {
  const { told, reporter, text } = recorder();
  for (let chunk = 0; chunk < 1000; chunk += 1) reporter.output('stdout', 'x');
  await reporter.close();
  expect(told).toHaveLength(1);
  expect(text('stdout')).toHaveLength(1000);
});

it('goes on after a report that failed', async () => {
  const { failures, reporter, text } = recorder((call) => call === 1);
  reporter.output('stdout', 'lost');
  await new Promise((resolve) => setTimeout(resolve, 300));
  reporter.output('stdout', 'kept');
  await reporter.close();
  expect(failures).toHaveLength(1);
  expect(text('stdout')).toBe('kept');
});

it('bounds what waits, and says that something is missing', async () => {
  const { reporter, text } = recorder();
  const mebibyte = 'm'.repeat(1024 * 1024);
  for (let chunk = 0; chunk < 12; chunk += 1) reporter.output('stdout', mebibyte);
  await reporter.close();
  expect(text('stdout')).toContain('output omitted');
  expect(text('stdout').length).toBeLessThan(9 * 1024 * 1024);
});
