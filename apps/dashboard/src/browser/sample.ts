import type {
  Approval,
  BudgetStatus,
  PolicyDecision,
  Problem,
  Run,
  RunStatus,
} from '@ae/contracts';

const BEGIN = Date.now();

function ago(seconds: number): string {
  return new Date(BEGIN - seconds * 1000).toISOString();
}

export function sampleBudget(runId: string, spent: number, limit: number, held = 0): BudgetStatus {
  const remaining = Math.max(0, Math.round((limit - spent - held) * 1e6) / 1e6);
  return { run_id: runId, spent, limit, remaining, exceeded: spent > limit, held };
}

/** A budget with everything that one may have. */
export const FAMILY_BUDGET: BudgetStatus = {
  ...sampleBudget('agents-of-a-day', 2, 5, 0.5),
  units: { steps: { limit: 100, spent: 40, held: 1, remaining: 59 } },
  parent: 'team-research',
  window: 'day',
  window_ends_at: '2026-11-26T00:00:00.000Z',
  frozen: true,
};

export function sampleRun(
  runId: string,
  status: RunStatus,
  title: string,
  more: Partial<Run> & { age?: number } = {},
): Run {
  const { age = 60, ...rest } = more;
  return {
    run_id: runId,
    kind: 'execute',
    title,
    status,
    steps: [],
    budget: sampleBudget(runId, 0.000123, 0.25),
    created_at: ago(age),
    updated_at: ago(age),
    ...rest,
  };
}

const path = ['policy', 'hold', 'create', 'upload', 'execute', 'redact', 'commit', 'destroy'];

/** The steps of a guarded execution that ended `age` seconds ago. */
export function sampleSteps(age: number): Run['steps'] {
  const times = [0.004, 0.006, 0.31, 0.042, 2.4, 0.012, 0.005, 0.09];
  let at = age;
  return path.map((name, index) => {
    const started = ago(at);
    at -= times[index] ?? 0;
    const cost = name === 'execute' ? { cost: 0.000081 } : {};
    return { name, status: 'succeeded', started_at: started, ended_at: ago(at), ...cost };
  });
}

export const UNAVAILABLE: Problem = {
  type: 'about:blank',
  title: 'The store is unavailable',
  status: 503,
  code: 'store_unavailable',
  detail: 'Check that the store answers, then try again. Nothing was done.',
  part: 'store',
};

export const APPROVAL: Approval = {
  approval_id: `apr_${'0123456789abcdef'.repeat(2)}`,
  run_id: 'release-2026-11-25-web-0017',
  step: 'deploy',
  status: 'pending',
  action: 'deploy',
  context: {
    environment: 'production',
    tool: 'directory',
    arguments: { target: 'web', files: 42, version: 'sha256:5f2b9a' },
  },
  digest: 'b1946ac92492d2347c6235b4d2611184f1e9c3a5d7708aa1c2f3e4d5c6b7a8f9',
  reason: 'A deployment to production needs a person.',
  created_at: ago(240),
  expires_at: new Date(BEGIN + 25 * 60_000).toISOString(),
};

export const BLOCKED: PolicyDecision = {
  allowed: false,
  reason: 'The command deletes the root folder of the machine and everything in it.',
  requires_approval: false,
  reason_code: 'destructive_command',
  decision_id: 'dec_0198c5a4-6f5e-7c3a-9d3e-0123456789ab',
  policy_version: '2026-11-25.1',
  findings: [
    {
      rule_id: 'files.delete.root',
      message: 'Deletes / and everything below it.',
      span: { start: 9, end: 17 },
    },
  ],
  suggestion: 'Name the folder that is to go, inside the working folder.',
};

/** A day's work: every status, a long name, an exceeded budget, a deployment that waits. */
export function sampleDay(): { budgets: BudgetStatus[]; runs: Run[]; approvals: Approval[] } {
  const runs = [
    sampleRun('run-live-0001', 'running', 'npm ci && npm test -- --runInBand', {
      age: 12,
      budget: sampleBudget('run-live-0001', 0.000336, 0.25, 0.00168),
      steps: [
        ...sampleSteps(12).slice(0, 4),
        { name: 'execute', status: 'running', started_at: ago(11) },
      ],
    }),
    sampleRun(APPROVAL.run_id, 'waiting_approval', 'build and deploy web to production', {
      age: 260,
      kind: 'build_and_deploy',
      approval_id: APPROVAL.approval_id,
      budget: sampleBudget(APPROVAL.run_id, 0.0214, 0.5, 0.0042),
    }),
    sampleRun('agent-builder-7f3a', 'needs_attention', 'python3 migrate.py --to 42', {
      age: 900,
      budget: sampleBudget('agent-builder-7f3a', 0.18, 0.2),
      error: {
        ...UNAVAILABLE,
        title: 'The real cost could not be charged',
        detail:
          'The sandbox ended but the store did not answer. Compare the hold, then release it.',
      },
    }),
    sampleRun('agent-crawler-02', 'budget_exceeded', 'node crawl.mjs --depth 6', {
      age: 1500,
      budget: sampleBudget('agent-crawler-02', 1.183406, 1),
    }),
    sampleRun('sample-ok', 'succeeded', 'node print-secret.mjs && echo "done"', {
      age: 2400,
      steps: sampleSteps(2400),
      budget: sampleBudget('sample-ok', 0.000081, 0.25),
      result: {
        stdout: 'token is [REDACTED:github_token]\nbuilt 42 modules in 1.2 s\ndone\n',
        stderr: 'warning: 2 packages are deprecated\n',
        exitCode: 0,
        timedOut: false,
        cost: 0.000081,
        budgetRemaining: 0.249919,
      },
    }),
    sampleRun('sample-denied', 'denied', 'rm -rf / --no-preserve-root', {
      age: 4000,
      budget: sampleBudget('sample-denied', 0, 0.25),
      steps: [{ name: 'policy', status: 'failed', started_at: ago(4000), ended_at: ago(3999.996) }],
      error: {
        ...UNAVAILABLE,
        status: 403,
        code: 'policy_denied',
        title: 'The policy does not allow this command',
        detail: 'It deletes the root folder. Name a folder inside the working folder instead.',
      },
    }),
    sampleRun('sample-cancelled', 'cancelled', 'sleep 3600', { age: 8000 }),
    sampleRun('sample-failed', 'failed', 'make release', { age: 90_000 }),
    sampleRun('sample-queued', 'queued', 'cargo test --workspace --all-features', { age: 2 }),
    ...Array.from({ length: 6 }, (_, index) =>
      sampleRun(
        `nightly-${index}`,
        'succeeded',
        `python3 eval.py --suite nightly --shard ${index}`,
        {
          age: 100_000 + index * 3600,
          budget: sampleBudget(`nightly-${index}`, 0.0131 + index * 0.00117, 0.1),
        },
      ),
    ),
  ];
  const budgets = [
    ...runs.map(({ budget }) => budget),
    sampleBudget('team-research-quarterly-evaluation-2026-11-shard-0001-of-64', 6.25, 10, 1.75),
    sampleBudget('team-research-quarterly-evaluation-2026-11-shard-0002-of-64', 2.4, 10, 0.2),
    sampleBudget('budget-without-run', 0.05, 10),
  ];
  return { budgets, runs, approvals: [APPROVAL] };
}
