import type { Counter, Meter } from '@opentelemetry/api';
import { METRICS } from './metric-catalogue.ts';
import type {
  LabelRule,
  MetricDecision,
  MetricDefinition,
  MetricName,
  MetricThreshold,
  SandboxOutcome,
} from './metric-catalogue.ts';

/** What an unknown label value becomes. */
const OTHER = 'other';

/** Upper bounds in seconds: from a one-line command to a build of half an hour. */
const DURATION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

/** Sums over all runs, in USD. */
export interface BudgetTotals {
  spent: number;
  remaining: number;
}

/** Records the metrics of the catalogue. No method throws. */
export interface Metrics {
  policyChecked(labels: { action: string; decision: MetricDecision }): void;
  policyViolated(labels: { action: string; reason_code: string }): void;
  budgetExceeded(): void;
  budgetThreshold(threshold: MetricThreshold): void;
  /** `seconds` from the start of the command to its end. */
  sandboxExecuted(labels: { outcome: SandboxOutcome }, seconds: number): void;
  /**
   * Sets the totals, or where they are read at each scrape. When reading fails the scrape goes
   * without them; it never shows old ones.
   */
  budgetTotals(totals: BudgetTotals | (() => BudgetTotals | Promise<BudgetTotals>)): void;
  secretsRedacted(kind: string, n?: number): void;
}

/**
 * Creates the instruments of {@link METRICS} on a meter. Counters start at 0 for the label values
 * that are known beforehand, so that a rate over them sees the first increase.
 */
export function createMetrics(meter: Meter): Metrics {
  const fold = createLabelFolder();
  const counter = (name: MetricName): Counter => {
    const { description, unit, labels } = METRICS[name] as MetricDefinition;
    const created = meter.createCounter(name, { description, unit });
    for (const series of knownSeries(labels)) created.add(0, series);
    return created;
  };
  const gauge = (name: MetricName) => {
    const { description, unit } = METRICS[name];
    return meter.createObservableGauge(name, { description, unit });
  };

  const policyChecks = counter('policy_checks_total');
  const policyViolations = counter('policy_violations_total');
  const budgetExceeded = counter('budget_exceeded_total');
  const budgetThresholds = counter('budget_threshold_total');
  const sandboxExecutions = counter('sandbox_executions_total');
  const { description, unit } = METRICS.sandbox_execution_duration_seconds;
  const sandboxDuration = meter.createHistogram('sandbox_execution_duration_seconds', {
    description,
    unit,
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  });
  const secretsRedacted = counter('secrets_redacted_total');

  const spentGauge = gauge('budget_spent_dollars');
  const remainingGauge = gauge('budget_remaining_dollars');
  let readTotals: () => BudgetTotals | Promise<BudgetTotals> = () => ({ spent: 0, remaining: 0 });
  meter.addBatchObservableCallback(
    async (result) => {
      const { spent, remaining } = await readTotals();
      result.observe(spentGauge, spent);
      result.observe(remainingGauge, remaining);
    },
    [spentGauge, remainingGauge],
  );

  return {
    policyChecked: (labels) => policyChecks.add(1, fold('policy_checks_total', labels)),
    policyViolated: (labels) => policyViolations.add(1, fold('policy_violations_total', labels)),
    budgetExceeded: () => budgetExceeded.add(1),
    budgetThreshold: (threshold) =>
      budgetThresholds.add(1, fold('budget_threshold_total', { threshold })),
    sandboxExecuted(labels, seconds) {
      const folded = fold('sandbox_executions_total', labels);
      sandboxExecutions.add(1, folded);
      if (Number.isFinite(seconds) && seconds >= 0) sandboxDuration.record(seconds, folded);
    },
    budgetTotals(totals) {
      readTotals = typeof totals === 'function' ? totals : () => totals;
    },
    secretsRedacted(kind, n = 1) {
      if (Number.isFinite(n) && n > 0) {
        secretsRedacted.add(n, fold('secrets_redacted_total', { kind }));
      }
    },
  };
}

/** Every combination of the label values that are known beforehand; `other` where none are. */
function knownSeries(labels: MetricDefinition['labels']): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (series, [label, rule]) =>
      series.flatMap((known) =>
        ('values' in rule ? rule.values : [OTHER]).map((value) => ({ ...known, [label]: value })),
      ),
    [{}],
  );
}

/** Folds label values that the catalogue does not allow. Words of open labels are counted. */
function createLabelFolder() {
  const seen = new Map<string, Set<string>>();
  const foldValue = (key: string, rule: LabelRule, value: unknown): string => {
    if (typeof value !== 'string') return OTHER;
    if ('values' in rule) return rule.values.includes(value) ? value : OTHER;
    const words = seen.get(key) ?? new Set();
    seen.set(key, words);
    if (words.has(value)) return value;
    if (words.size >= rule.limit || !/^[a-z][a-z0-9_.:-]{0,63}$/.test(value)) return OTHER;
    words.add(value);
    return value;
  };
  return (metric: MetricName, labels: Record<string, unknown>): Record<string, string> =>
    Object.fromEntries(
      Object.entries<LabelRule>(METRICS[metric].labels).map(([label, rule]) => [
        label,
        foldValue(`${metric} ${label}`, rule, labels[label]),
      ]),
    );
}
