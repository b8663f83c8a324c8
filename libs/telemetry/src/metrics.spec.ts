// The endpoint of the control plane is made with this exporter; only the test needs it here.
// eslint-disable-next-line @nx/enforce-module-boundaries
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { METRICS, METRIC_DECISIONS, createMetrics } from './index.ts';
import type { MetricName, Metrics } from './index.ts';

const NAMES = [
  'budget_exceeded_total',
  'budget_remaining_dollars',
  'budget_spent_dollars',
  'budget_threshold_total',
  'policy_checks_total',
  'policy_violations_total',
  'sandbox_execution_duration_seconds',
  'sandbox_executions_total',
  'secrets_redacted_total',
];

function start(): { metrics: Metrics; scrape: () => Promise<string> } {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    metrics: createMetrics(provider.getMeter('ae')),
    async scrape() {
      const { resourceMetrics } = await reader.collect();
      return serializer.serialize(resourceMetrics);
    },
  };
}

/** The samples of a scrape: `name{labels}` to value. */
function samples(text: string): Map<string, number> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end), Number(line.slice(end + 1))];
      }),
  );
}

function families(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]),
  );
}

describe('METRICS', () => {
  it('holds exactly these', () => {
    expect(Object.keys(METRICS).sort()).toEqual(NAMES);
  });

  it.each(NAMES)('describes %s, without a label of unbounded values', (name) => {
    const { description, labels } = METRICS[name as MetricName];
    expect(description).toMatch(/^[A-Z].*\.$/);
    for (const label of Object.keys(labels)) {
      expect(['action', 'decision', 'reason_code', 'outcome', 'kind', 'threshold']).toContain(
        label,
      );
    }
  });
});

describe('createMetrics', () => {
  it('comes out under the exact names and types at a Prometheus endpoint', async () => {
    const { metrics, scrape } = start();
    metrics.sandboxExecuted({ outcome: 'succeeded' }, 0.2);
    expect(families(await scrape())).toEqual(
      Object.fromEntries(NAMES.map((name) => [name, METRICS[name as MetricName].type])),
    );
  });

  it('starts every known series at 0', async () => {
    const { scrape } = start();
    const before = samples(await scrape());
    expect([...before.values()].every((value) => value === 0)).toBe(true);
    for (const decision of METRIC_DECISIONS) {
      expect(before.get(`policy_checks_total{action="deploy",decision="${decision}"}`)).toBe(0);
    }
    expect(before.get('budget_exceeded_total')).toBe(0);
    expect(before.get('sandbox_executions_total{outcome="timed_out"}')).toBe(0);
    expect(before.get('secrets_redacted_total{kind="other"}')).toBe(0);
  });

  it('counts each event', async () => {
    const { metrics, scrape } = start();
    metrics.policyChecked({ action: 'deploy', decision: 'deny' });
    metrics.policyChecked({ action: 'deploy', decision: 'deny' });
    metrics.policyViolated({ action: 'deploy', reason_code: 'environment_denied' });
    metrics.budgetExceeded();
    metrics.budgetThreshold('80');
    metrics.sandboxExecuted({ outcome: 'failed' }, 3);
    metrics.secretsRedacted('aws_access_key', 2);
    metrics.secretsRedacted('aws_access_key');
    const after = samples(await scrape());
    expect(after.get('policy_checks_total{action="deploy",decision="deny"}')).toBe(2);
    expect(
      after.get('policy_violations_total{action="deploy",reason_code="environment_denied"}'),
    ).toBe(1);
    expect(after.get('budget_exceeded_total')).toBe(1);
    expect(after.get('budget_threshold_total{threshold="80"}')).toBe(1);
    expect(after.get('budget_threshold_total{threshold="100"}')).toBe(0);
    expect(after.get('sandbox_executions_total{outcome="failed"}')).toBe(1);
    expect(after.get('sandbox_execution_duration_seconds_sum{outcome="failed"}')).toBe(3);
    const bucket = (le: string) =>
      after.get(`sandbox_execution_duration_seconds_bucket{outcome="failed",le="${le}"}`);
    expect([bucket('2.5'), bucket('5'), bucket('+Inf')]).toEqual([0, 1, 1]);
    expect(after.get('secrets_redacted_total{kind="aws_access_key"}')).toBe(3);
  });

  it('shows budget totals that were set, and those that are read at the scrape', async () => {
    const { metrics, scrape } = start();
    metrics.budgetTotals({ spent: 1.25, remaining: 8.75 });
    expect(samples(await scrape()).get('budget_spent_dollars')).toBe(1.25);
    let spent = 2;
    metrics.budgetTotals(() => Promise.resolve({ spent, remaining: 10 - spent }));
    expect(samples(await scrape()).get('budget_spent_dollars')).toBe(2);
    spent = 3;
    expect(samples(await scrape()).get('budget_remaining_dollars')).toBe(7);
  });

  it('scrapes without the totals when they cannot be read', async () => {
    const { metrics, scrape } = start();
    metrics.budgetTotals(() => {
      throw new Error('the store is down');
    });
    const after = samples(await scrape());
    expect(after.has('budget_spent_dollars')).toBe(false);
    expect(after.get('budget_exceeded_total')).toBe(0);
  });

  it('ignores amounts that are no amounts', async () => {
    const { metrics, scrape } = start();
    metrics.secretsRedacted('token', -1);
    metrics.secretsRedacted('token', Number.NaN);
    metrics.secretsRedacted('token', 0);
    metrics.sandboxExecuted({ outcome: 'failed' }, Number.NaN);
    metrics.sandboxExecuted({ outcome: 'failed' }, -1);
    const after = samples(await scrape());
    expect(after.has('secrets_redacted_total{kind="token"}')).toBe(false);
    expect(after.get('sandbox_executions_total{outcome="failed"}')).toBe(2);
    expect(after.has('sandbox_execution_duration_seconds_count{outcome="failed"}')).toBe(false);
  });

  it('keeps the number of series bounded, whatever the labels', async () => {
    const { metrics, scrape } = start();
    const anything = fc.oneof(fc.string(), fc.stringMatching(/^[a-z_]{1,8}$/), fc.anything());
    const numRuns = 2000;
    fc.assert(
      fc.property(anything, anything, (a, b) => {
        const [left, right] = [a as string, b as string];
        metrics.policyChecked({ action: left, decision: right as 'allow' });
        metrics.policyViolated({ action: 'deploy', reason_code: left });
        metrics.sandboxExecuted({ outcome: left as 'failed' }, 1);
        metrics.secretsRedacted(left);
      }),
      { numRuns },
    );
    const after = samples(await scrape());
    const series = (name: string) =>
      [...after].filter(([key]) => key === name || key.startsWith(`${name}{`));
    const total = (name: string) => series(name).reduce((sum, [, value]) => sum + value, 0);
    expect(series('policy_checks_total').length).toBeLessThanOrEqual(10 * 4);
    expect(series('policy_violations_total').length).toBeLessThanOrEqual(10 + 65);
    expect(series('sandbox_executions_total').length).toBeLessThanOrEqual(6);
    expect(series('secrets_redacted_total').length).toBeLessThanOrEqual(513);
    for (const name of NAMES.filter((each) => each.startsWith('policy_'))) {
      expect(total(name)).toBe(numRuns);
    }
  });
});
