import type { PolicyDecision, ReserveRequest } from '@ae/contracts';
import fc from 'fast-check';
import {
  ApprovalRequiredError,
  BudgetExceededError,
  ExecutionCancelledError,
  PolicyDeniedError,
  SandboxFailedError,
} from './errors.ts';
import type { CommandOptions, CommandResult, ExecutionPorts, SandboxSession } from './ports.ts';
import { safeExecute } from './safe-execute.ts';
import type { SafeExecutionRequest } from './safe-execute.ts';

const SECRET = ['planted', 'value', '0123456789'].join('-');

/** Ports that keep a journal of every call, answer like the real parts, and fail where told to. */
class JournalPorts implements ExecutionPorts {
  readonly journal: string[] = [];
  readonly charged: { hold_id: string; amount: number }[] = [];
  /** Units of each reserve and commit. */
  readonly units: ReserveRequest['units'][] = [];
  failAt: string | undefined;
  decision: Partial<PolicyDecision> = {};
  results: CommandResult[] = [];
  listing = [
    { path: '/home/user/dist/js/app.js', type: 'file', size: 2 },
    { path: '/home/user/dist/js', type: 'directory', size: 0 },
  ];
  onExecute: (options: CommandOptions) => void = () => undefined;
  sandboxes = new Map<string, Record<string, string>>();

  readonly policy: ExecutionPorts['policy'] = {
    check: async ({ context }) => {
      this.#call('check');
      return {
        allowed: true,
        reason: 'allowed by the default policy',
        requires_approval: false,
        reason_code: 'allowed',
        decision_id: `dec_${context?.command ?? ''}`,
        policy_version: '1.0.0+test',
        findings: [],
        ...this.decision,
      };
    },
  };
  readonly budget: ExecutionPorts['budget'] = {
    reserve: async ({ run_id, hold_id, amount, units }) => {
      this.#call('reserve');
      this.units.push(units);
      return { ...this.#status(run_id), hold_id, amount, expires_at: '', replayed: false };
    },
    commit: async ({ run_id, hold_id, amount, units }) => {
      this.#call('commit');
      this.units.push(units);
      this.charged.push({ hold_id, amount });
      return {
        ...this.#status(run_id),
        hold_id,
        held_amount: amount,
        charged: amount,
        late: false,
        unheld: false,
        replayed: false,
        crossed: [],
      };
    },
    release: async ({ run_id }) => {
      this.#call('release');
      return this.#status(run_id);
    },
  };
  readonly sandbox: ExecutionPorts['sandbox'] = {
    create: async ({ metadata = {} }) => {
      this.#call('create');
      const id = `sandbox-${String(this.journal.length)}`;
      this.sandboxes.set(id, metadata);
      return this.#session(id);
    },
    list: async ({ metadata }) => {
      this.#call('list');
      return [...this.sandboxes]
        .filter(([, have]) => Object.entries(metadata).every(([key, value]) => have[key] === value))
        .map(([id]) => ({ id }));
    },
    destroy: async (id) => {
      this.#call('destroy');
      return this.sandboxes.delete(id);
    },
  };
  readonly outcomes: ExecutionPorts['outcomes'] = {
    record: async ({ decision_id, status }) => {
      this.#call(`outcome ${decision_id} ${status}`);
    },
  };
  createRedactor: ExecutionPorts['createRedactor'] = () => {
    const secrets: string[] = [];
    const redact = (text: string) =>
      secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '[REDACTED:env]'), text);
    return {
      registerSecret: (value) => void secrets.push(value),
      redact,
      createStream: () => {
        let buffered = '';
        const counts = new Map<string, number>();
        return {
          counts,
          write: (chunk) => {
            buffered += chunk;
            return '';
          },
          end: () => {
            const found = secrets.filter((secret) => buffered.includes(secret)).length;
            if (found > 0) counts.set('env', found);
            return redact(buffered);
          },
        };
      },
    };
  };

  #session(id: string): SandboxSession {
    return {
      id,
      uploadFiles: async () => this.#call('upload'),
      execute: async (command, options) => {
        this.#call(`execute ${command}`);
        this.onExecute(options);
        options.signal?.throwIfAborted();
        options.onStdout?.(`token=${SECRET.slice(0, 9)}`);
        options.onStdout?.(`${SECRET.slice(9)}\n`);
        return (
          this.results.shift() ?? {
            stdout: '',
            stderr: '',
            exitCode: 0,
            timedOut: false,
            truncated: false,
          }
        );
      },
      listFiles: async () => this.listing,
      downloadFiles: async (paths) =>
        Object.fromEntries(paths.map((path) => [path, new Uint8Array([1, 2])])),
      destroy: async () => {
        this.#call('destroy');
        this.sandboxes.delete(id);
      },
    };
  }

  #call(name: string): void {
    this.journal.push(name);
    if (name.split(' ')[0] === this.failAt) throw new Error(`${name} failed, near ${SECRET}`);
  }

  #status(run_id: string) {
    return { run_id, spent: 0, limit: 1, remaining: 0.5, exceeded: false, held: 0 };
  }
}

const request: SafeExecutionRequest = {
  runId: 'r1',
  executionId: 'execute',
  commands: [{ name: 'execute', command: 'run', timeoutSeconds: 10 }],
  files: { 'main.js': '1' },
  envs: { TOKEN: SECRET },
};

const threeCommands: SafeExecutionRequest = {
  ...request,
  commands: ['install', 'test', 'build'].map((name) => ({
    name,
    command: name,
    timeoutSeconds: 10,
  })),
};

describe('safeExecute', () => {
  it('goes policy, hold, create, upload, execute, commit, destroy, outcome, in this order', async () => {
    const ports = new JournalPorts();
    const execution = await safeExecute(request, ports);
    expect(ports.journal).toEqual([
      'check',
      'reserve',
      'create',
      'upload',
      'execute run',
      'commit',
      'destroy',
      'outcome dec_run succeeded',
    ]);
    expect(execution.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'policy succeeded',
      'hold succeeded',
      'create succeeded',
      'upload succeeded',
      'execute succeeded',
      'redact succeeded',
      'commit succeeded',
      'destroy succeeded',
    ]);
  });

  it('charges what the steps cost together, to the micro-USD', async () => {
    const ports = new JournalPorts();
    const { cost, steps } = await safeExecute(threeCommands, ports);
    const micro = (usd: number) => Math.round(usd * 1e6);
    expect(micro(cost)).toBe(steps.reduce((sum, step) => sum + micro(step.cost ?? 0), 0));
    expect(cost).toBeGreaterThan(0);
    expect(ports.charged).toEqual([{ hold_id: 'execute', amount: cost }]);
  });

  it('is one step, and its sandbox seconds at most and in the end', async () => {
    const ports = new JournalPorts();
    await safeExecute(threeCommands, ports);
    const [held, used] = ports.units;
    expect(held).toEqual({ steps: 1, sandbox_seconds: 40 });
    expect(used).toEqual({ steps: 1, sandbox_seconds: expect.any(Number) as number });
    const { sandbox_seconds = 0 } = used ?? {};
    expect(sandbox_seconds).toBeGreaterThan(0);
    expect(sandbox_seconds).toBe(Number(sandbox_seconds.toFixed(3)));
  });

  it('gives the sandbox the hosts that every decision lets it reach, and no network without one', async () => {
    const created: unknown[] = [];
    const reaching = async (...lists: (string[] | undefined)[]): Promise<unknown> => {
      const ports = new JournalPorts();
      const { policy, sandbox, budget, outcomes, createRedactor } = ports;
      const narrowed: ExecutionPorts = {
        budget,
        outcomes,
        createRedactor,
        sandbox: {
          ...sandbox,
          create: (options) => {
            created.push(options.networkAllowlist);
            return sandbox.create(options);
          },
        },
        policy: {
          check: async (asked) => {
            const network_allowlist = lists.shift();
            const decision = await policy.check(asked);
            return { ...decision, ...(network_allowlist && { network_allowlist }) };
          },
        },
      };
      const networkAllowlist = ['a.example', 'b.example'];
      await safeExecute({ ...threeCommands, networkAllowlist }, narrowed);
      return created.at(-1);
    };
    const both = ['a.example', 'b.example'];
    expect(await reaching(both, both, both)).toEqual(both);
    expect(await reaching(both, ['b.example', 'c.example'], both)).toEqual(['b.example']);
    expect(await reaching(both, both, [])).toBeUndefined();
    expect(await reaching(both, undefined, both)).toBeUndefined();
  });

  it('gives no listener, result or error a secret that it injected', async () => {
    const seen: string[] = [];
    const ports = new JournalPorts();
    const { commands } = await safeExecute(request, ports, {
      onOutput: (stream, text) => seen.push(stream, text),
    });
    expect(commands['execute']?.stdout).toBe('token=[REDACTED:env]\n');
    expect(seen).toEqual(['stdout', 'token=[REDACTED:env]\n']);

    const broken = new JournalPorts();
    broken.failAt = 'upload';
    const failure = await safeExecute(request, broken).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SandboxFailedError);
    expect((failure as Error).message).toContain('[REDACTED:env]');
    expect((failure as Error).message).not.toContain(SECRET);
  });

  it('holds and runs nothing when the policy denies or asks for a person', async () => {
    const denied = new JournalPorts();
    denied.decision = { allowed: false };
    await expect(safeExecute(threeCommands, denied)).rejects.toBeInstanceOf(PolicyDeniedError);
    expect(denied.journal).toEqual(['check']);

    const asking = new JournalPorts();
    asking.decision = { allowed: false, requires_approval: true };
    await expect(safeExecute(request, asking)).rejects.toBeInstanceOf(ApprovalRequiredError);
    expect(asking.journal).toEqual(['check']);
  });

  it('runs nothing when the estimate does not fit', async () => {
    const ports = new JournalPorts();
    ports.budget.reserve = () =>
      Promise.reject(Object.assign(new Error('0.5 left'), { code: 'budget_exceeded' }));
    await expect(safeExecute(request, ports)).rejects.toBeInstanceOf(BudgetExceededError);
    expect(ports.journal).toEqual(['check']);
  });

  it('ends the list at the first command that fails, and still charges', async () => {
    const ports = new JournalPorts();
    const failed = { stdout: '', stderr: '', exitCode: 1, timedOut: false, truncated: false };
    ports.results = [{ ...failed, exitCode: 0 }, failed];
    const execution = await safeExecute({ ...threeCommands, collect: 'dist' }, ports);
    expect(Object.keys(execution.commands)).toEqual(['install', 'test']);
    expect(execution.collected).toEqual({});
    expect(ports.charged).toHaveLength(1);
  });

  it('collects a folder with paths relative to it', async () => {
    const { collected } = await safeExecute({ ...request, collect: 'dist' }, new JournalPorts());
    expect(collected).toEqual({ 'js/app.js': new Uint8Array([1, 2]) });
  });

  it('bug: a folder named as a part of its own path was collected under wrong paths', async () => {
    const ports = new JournalPorts();
    ports.listing = [{ path: '/home/user/user/f', type: 'file', size: 2 }];
    const { collected } = await safeExecute({ ...request, collect: './user' }, ports);
    expect(Object.keys(collected)).toEqual(['f']);
  });

  it('bug: a secret that cannot be masked left its money held', async () => {
    const ports = new JournalPorts();
    const { createRedactor } = ports;
    ports.createRedactor = () => ({
      ...createRedactor(),
      registerSecret: () => {
        throw new RangeError('too long');
      },
    });
    await expect(safeExecute(request, ports)).rejects.toThrow(RangeError);
    expect(ports.journal).toEqual(['check']);
  });

  it('charges and destroys what was cancelled', async () => {
    const controller = new AbortController();
    const ports = new JournalPorts();
    ports.onExecute = () => controller.abort();
    await expect(safeExecute(request, ports, { signal: controller.signal })).rejects.toBeInstanceOf(
      ExecutionCancelledError,
    );
    expect(ports.journal.slice(-3)).toEqual(['commit', 'destroy', 'outcome dec_run cancelled']);
    expect(ports.sandboxes.size).toBe(0);
  });

  it('releases the hold when it was cancelled before there was a sandbox', async () => {
    const ports = new JournalPorts();
    await expect(
      safeExecute(request, ports, { signal: AbortSignal.abort() }),
    ).rejects.toBeInstanceOf(ExecutionCancelledError);
    expect(ports.journal).toContain('release');
    expect(ports.journal).not.toContain('create');
  });

  it('keeps the hold for the next attempt and charges the failed one beside it', async () => {
    const ports = new JournalPorts();
    ports.failAt = 'execute';
    await expect(
      safeExecute(request, ports, { attempt: { number: 1, last: false } }),
    ).rejects.toBeInstanceOf(SandboxFailedError);
    expect(ports.charged.map(({ hold_id }) => hold_id)).toEqual(['execute/attempt-1']);
    expect(ports.journal).not.toContain('release');

    ports.failAt = undefined;
    await safeExecute(request, ports, { attempt: { number: 2, last: true } });
    expect(ports.charged.map(({ hold_id }) => hold_id)).toEqual(['execute/attempt-1', 'execute']);
    const steps = ports.units.map((units) => units?.steps);
    expect(steps).toEqual([1, undefined, 1, 1]);
  });

  it('destroys the orphan of an earlier attempt, and only that', async () => {
    const ports = new JournalPorts();
    ports.sandboxes.set('orphan', { ae_run_id: 'r1', ae_execution_id: 'execute' });
    ports.sandboxes.set('other', { ae_run_id: 'r2', ae_execution_id: 'execute' });
    await safeExecute(request, ports, { attempt: { number: 2, last: true } });
    expect([...ports.sandboxes.keys()]).toEqual(['other']);
  });

  it('destroys what a create made whose answer was lost', async () => {
    const ports = new JournalPorts();
    const create = ports.sandbox.create.bind(ports.sandbox);
    ports.sandbox.create = async (options) => {
      await create(options);
      throw new Error('the connection broke');
    };
    await expect(safeExecute(request, ports)).rejects.toBeInstanceOf(SandboxFailedError);
    expect(ports.sandboxes.size).toBe(0);
    expect(ports.journal).toContain('release');
  });

  it('takes the charge of an earlier attempt whose answer was lost', async () => {
    const ports = new JournalPorts();
    ports.budget.commit = () =>
      Promise.reject(
        Object.assign(new Error('committed'), { code: 'conflict', charged: 0.02, remaining: 0.4 }),
      );
    const execution = await safeExecute(request, ports);
    expect(execution).toMatchObject({ cost: 0.02, budgetRemaining: 0.4 });
  });

  it('answers with the result though the sandbox could not be destroyed', async () => {
    const ports = new JournalPorts();
    ports.failAt = 'destroy';
    const { steps, commands } = await safeExecute(request, ports);
    expect(commands['execute']?.exitCode).toBe(0);
    expect(steps.at(-1)).toMatchObject({ name: 'destroy', status: 'failed' });
  });

  it('law: whichever call fails, nothing runs unguarded, nothing is left or charged twice', async () => {
    const calls = [
      'check',
      'reserve',
      'create',
      'upload',
      'execute',
      'commit',
      'destroy',
      'outcome',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...calls),
        fc.constantFrom(request, threeCommands),
        fc.boolean(),
        async (failAt, asked, last) => {
          const ports = new JournalPorts();
          ports.failAt = failAt;
          await safeExecute(asked, ports, { attempt: { number: 1, last } }).catch(() => undefined);
          const { journal } = ports;
          const ran = journal.findIndex((entry) => entry.startsWith('execute'));
          if (ran !== -1) {
            expect(journal.indexOf('reserve')).toBeLessThan(ran);
            expect(journal.filter((entry) => entry === 'check')).toHaveLength(
              asked.commands.length,
            );
          }
          const created = journal.includes('create') && failAt !== 'create';
          expect(journal.filter((entry) => entry === 'destroy')).toHaveLength(created ? 1 : 0);
          expect(ports.charged.length).toBeLessThanOrEqual(1);
          const held = journal.includes('reserve') && failAt !== 'reserve';
          const settled = journal.includes('commit') || journal.includes('release');
          expect(settled).toBe(held && (created || last));
        },
      ),
    );
  });
});
