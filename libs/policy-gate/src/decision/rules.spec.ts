import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { PolicyInput } from '../policy/policy-schema.ts';
import { PolicyGate } from './policy-gate.ts';

type Rule = NonNullable<PolicyInput['rules']>[number];

const gateWith = (...rules: Rule[]): PolicyGate => new PolicyGate({ rules });

describe('a rule on a command', () => {
  const gate = gateWith({
    id: 'no-publish',
    effect: 'deny',
    when: { command: ['npm publish*', 'terraform *'] },
    reason: 'releases are made by the pipeline',
    suggestion: 'Open a pull request.',
  });

  it.each([
    'npm publish',
    '/usr/bin/npm   publish --tag next',
    'sudo npm publish',
    'bash -c "npm publish"',
    'P=publish; npm $P',
    'echo x | xargs terraform plan',
    'python -c "import os; os.system(\'npm publish\')"',
  ])('applies to %s', (command) => {
    expect(gate.checkCodeExecution(command)).toMatchObject({
      reason_code: 'rule_denied',
      suggestion: 'Open a pull request.',
    });
  });

  it.each(['npm pack', 'echo npm publish', 'git commit -m "npm publish"'])(
    'does not apply to %s',
    (command) => {
      expect(gate.checkCodeExecution(command).allowed).toBe(true);
    },
  );
});

describe('an allow rule', () => {
  it('answers the question about the command it names, and about what that runs', () => {
    const gate = gateWith({
      id: 'own-service',
      effect: 'allow',
      when: { command: ['git reset --hard*', 'sudo terraform apply*'] },
      reason: 'ours',
    });
    expect(gate.checkCodeExecution('git reset --hard HEAD~1').allowed).toBe(true);
    expect(gate.checkCodeExecution('sudo terraform apply plan.out').allowed).toBe(true);
    expect(gate.checkCodeExecution('terraform apply plan.out').allowed).toBe(false);
  });

  it('answers for no other command beside it', () => {
    const gate = gateWith({
      id: 'reset',
      effect: 'allow',
      when: { command: 'git reset*' },
      reason: 'ours',
    });
    for (const command of [
      'git reset --hard; git stash clear',
      'bash -c "git reset --hard; git stash clear"',
      'git reset --hard $(git stash clear)',
      'git reset --hard > /etc/motd',
    ]) {
      expect([command, gate.checkCodeExecution(command).allowed]).toEqual([command, false]);
    }
  });

  it('lifts no denial and no limit', () => {
    const gate = gateWith({
      id: 'all',
      effect: 'allow',
      when: { command: '*' },
      reason: 'everything',
    });
    expect(gate.checkCodeExecution('rm -rf /').allowed).toBe(false);
    expect(gate.checkCodeExecution('echo a;'.repeat(15_000)).allowed).toBe(false);
  });

  it('may name a tool', () => {
    const gate = gateWith({
      id: 'mail',
      effect: 'allow',
      action: 'call_tool',
      when: { tool: 'send_email' },
      reason: 'its purpose',
    });
    expect(gate.checkAction('call_tool', { tool: 'send_email', args: { to: 'a' } }).allowed).toBe(
      true,
    );
    expect(gate.checkAction('call_tool', { tool: 'send_money' }).allowed).toBe(false);
  });
});

it('a rule in shadow mode reports and decides nothing', () => {
  const shadow = {
    id: 'later',
    effect: 'deny',
    mode: 'shadow',
    when: { command: 'npm test*' },
    reason: 'not yet',
  } as const;
  const decision = gateWith(shadow).checkCodeExecution('npm test');
  expect(decision.allowed).toBe(true);
  expect(decision.rule_ids).toEqual([]);
  expect(decision.shadow).toEqual([
    { rule_id: 'later', would: 'deny', message: 'not yet', span: { start: 0, end: 8 } },
  ]);
  expect(new PolicyGate().checkCodeExecution('npm test').shadow).toBeUndefined();
});

it('rules ask about who acts', () => {
  const gate = gateWith(
    {
      id: 'background-agents',
      effect: 'approve',
      action: 'query_database',
      when: { agent_tier: 'background', dialect: 'postgresql' },
      reason: 'nobody watches',
      approvers: ['dba', 'lead'],
    },
    {
      id: 'interns',
      effect: 'deny',
      when: { role: 'intern', tenant: 'acme*' },
      reason: 'not yet',
    },
    { id: 'one-user', effect: 'deny', when: { user: 'mallory' }, reason: 'gone' },
  );
  const query = { sql: 'select 1', dialect: 'postgresql' };
  const asked = gate.checkAction('query_database', { ...query, agent: { tier: 'background' } });
  expect(asked).toMatchObject({ requires_approval: true, approvers: ['dba', 'lead'] });
  expect(gate.checkAction('query_database', { ...query, agent: 'background' }).allowed).toBe(true);
  const intern = { tenant_id: 'acme-1', roles: ['reader', 'intern'] };
  expect(gate.checkAction('query_database', { ...query, principal: intern }).allowed).toBe(false);
  expect(gate.checkAction('query_database', { ...query, principal: 'mallory' }).reason_code).toBe(
    'rule_denied',
  );
});

describe('presets', () => {
  const verdict = (policy: PolicyInput, command: string): string => {
    const { allowed, requires_approval: asks } = new PolicyGate(policy).checkCodeExecution(command);
    return allowed ? 'allow' : asks ? 'approve' : 'deny';
  };

  it.each([
    ['git reset --hard', 'approve', 'approve', 'approve', 'allow'],
    ['terraform apply', 'approve', 'approve', 'approve', 'deny'],
    ['rm -rf /', 'deny', 'deny', 'deny', 'deny'],
    ['echo x > ~/notes.txt', 'allow', 'approve', 'approve', 'allow'],
    ['npm test', 'allow', 'allow', 'approve', 'allow'],
    ['cat README.md | wc -l', 'allow', 'allow', 'allow', 'allow'],
    ['echo x > notes.txt', 'allow', 'allow', 'allow', 'allow'],
    ['curl https://example.com', 'allow', 'allow', 'approve', 'allow'],
    ['$UNKNOWN x', 'approve', 'approve', 'deny', 'deny'],
    ['rm -rf "$DIR"', 'approve', 'approve', 'approve', 'deny'],
  ])('%s: standard %s, strict %s, paranoid %s, ci %s', (command, ...expected) => {
    const answers = (['standard', 'strict', 'paranoid', 'ci'] as const).map((preset) =>
      verdict({ preset }, command),
    );
    expect(answers).toEqual(expected);
  });

  it("the policy's own answers come before the preset's", () => {
    expect(verdict({ preset: 'ci', on_approval: 'ask' }, 'terraform apply')).toBe('approve');
    expect(verdict({ preset: 'paranoid', mode: 'full' }, 'npm test')).toBe('allow');
  });

  it('an allow rule answers a question of the preset', () => {
    const rules: Rule[] = [
      { id: 'notes', effect: 'allow', when: { target: '/home/agent/notes*' }, reason: 'own' },
    ];
    expect(verdict({ preset: 'strict', rules }, 'echo x > ~/notes.txt')).toBe('allow');
    expect(verdict({ preset: 'strict', rules }, 'echo x > ~/other.txt')).toBe('approve');
  });

  it('say that nobody is there to approve', () => {
    const decision = new PolicyGate({ preset: 'ci' }).checkCodeExecution('terraform apply');
    expect(decision).toMatchObject({
      allowed: false,
      requires_approval: false,
      reason_code: 'approval_unavailable',
    });
  });
});

describe('modes', () => {
  const verdict = (mode: 'plan' | 'edit' | 'listed', command: string, rules: Rule[] = []) =>
    new PolicyGate({ mode, rules }).checkCodeExecution(command).allowed;

  it.each([
    ['git status && git diff | head -50', true, true],
    ['rg -n TODO src | sort | uniq -c', true, true],
    ['kubectl get pods -A', true, true],
    ['mkdir -p src/a && touch src/a/b.ts', false, true],
    ["sed -i 's/a/b/' src/x.ts", false, true],
    ['rm -rf node_modules', false, true],
    ['echo x > ~/.bash_profile', false, false],
    ['echo x > /opt/x', false, false],
    ['npm test', false, false],
    ['git commit -m x', false, false],
    ['node -e "1"', false, false],
  ])('%s: plan %s, edit %s', (command, plan, edit) => {
    expect([verdict('plan', command), verdict('edit', command)]).toEqual([plan, edit]);
  });

  it('listed lets through what an allow rule names, and nothing else', () => {
    const rules: Rule[] = [
      { id: 'tests', effect: 'allow', when: { command: ['npm test*', 'ls*'] }, reason: 'ours' },
    ];
    expect(verdict('listed', 'npm test && ls', rules)).toBe(true);
    expect(verdict('listed', 'npm test && cat x', rules)).toBe(false);
    expect(verdict('listed', 'sh -c "npm test"', rules)).toBe(true);
    expect(verdict('listed', 'npm test > out.txt', rules)).toBe(false);
    expect(verdict('listed', 'ls')).toBe(false);
  });
});

describe('explain', () => {
  it('names everything that was considered', () => {
    const gate = new PolicyGate({
      rules: [
        { id: 'applies', effect: 'deny', when: { kind: 'vcs' }, reason: 'no git' },
        { id: 'does-not', effect: 'deny', when: { kind: 'iac' }, reason: 'no iac' },
        { id: 'tools-only', effect: 'deny', action: 'call_tool', when: {}, reason: 'no' },
      ],
    });
    const { decision, steps } = gate.explain('execute_code', { command: 'git reset --hard' });
    expect(decision).toEqual(gate.checkCodeExecution('git reset --hard'));
    expect(steps.map(({ subject, verdict, rule_id: id }) => [subject, verdict, id])).toEqual([
      ['action', 'allow', 'actions.execute_code'],
      ['effect', 'approve', 'git.reset-hard'],
      ['rule', 'deny', 'applies'],
      ['rule', 'allow', 'does-not'],
    ]);
  });

  it('never throws', () => {
    const hostile = new Proxy(
      {},
      {
        getOwnPropertyDescriptor: () => {
          throw new Error('x');
        },
      },
    );
    expect(new PolicyGate().explain('execute_code', hostile).decision.allowed).toBe(false);
    expect(new PolicyGate().explain('no_such_action').steps[0]?.verdict).toBe('deny');
  });
});

describe('watching', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'policy-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('sees a change made right after the policy was read', async () => {
    const path = join(directory, 'early.yaml');
    writeFileSync(path, 'version: 1.0.0\n');
    const versions: string[] = [];
    const gate = PolicyGate.load(path, {
      watch: true,
      onReload: (version) => versions.push(version.split('+')[0] ?? ''),
    });
    writeFileSync(path, 'version: 1.1.0\n');
    while (versions.length === 0) await sleep(20);
    gate.close();
    expect(versions).toEqual(['1.1.0']);
  });

  it('takes over a good change, keeps the old policy for a bad one', async () => {
    const base = join(directory, 'policy.yaml');
    const workspace = join(directory, 'workspace.yaml');
    writeFileSync(base, 'version: 1.0.0\n');
    writeFileSync(workspace, 'version: 1.0.0\n');
    const events: string[] = [];
    const gate = PolicyGate.load(base, {
      workspace,
      watch: true,
      onReload: (version) => events.push(version.split('+')[0] ?? ''),
      onReloadError: (error) => events.push(error.message.split('. ')[0] ?? ''),
    });
    const until = async (count: number): Promise<void> => {
      while (events.length < count) await sleep(20);
    };
    // Replaced as a whole, the way editors and mounted configuration do it.
    writeFileSync(`${base}.new`, 'version: 1.1.0\nactions: { call_tool: { enabled: false } }\n');
    renameSync(`${base}.new`, base);
    await until(1);
    expect(gate.checkAction('call_tool', { tool: 'x' }).reason_code).toBe('action_disabled');
    writeFileSync(workspace, 'actions: { deploy: { enabled: true } }\n');
    await until(2);
    expect(gate.version).toMatch(/^1\.1\.0/);
    writeFileSync(workspace, 'mode: plan\n');
    await until(3);
    gate.close();
    expect(events).toEqual(['1.1.0', 'The policy is not valid', '1.1.0']);
    expect(gate.policy.mode).toBe('plan');
    expect(gate.checkCodeExecution('npm test').allowed).toBe(false);
  });
});
