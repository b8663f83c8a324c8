import { BudgetError } from '../src/budget-error.ts';
import type { BudgetErrorCode } from '../src/budget-error.ts';
import type { BudgetStore, CreateCommand } from '../src/budget-store.ts';
import { BudgetTracker } from '../src/budget-tracker.ts';
import type { CreateOptions } from '../src/budget-tracker.ts';
import { FamilyBooks } from './family-books.ts';
import { SeededRandom } from './seeded-random.ts';
import { StepScheduler } from './step-scheduler.ts';
import type { TakenStep } from './step-scheduler.ts';

/**
 * - `once`: a run id is created for the first time in most cases.
 * - `reuse`: a few run ids are created, deleted and created again.
 * - `vanish`: as `reuse`, and now and then the store forgets a run, as in a crash.
 */
export const INTERLEAVING_MODES = ['once', 'reuse', 'vanish'] as const;

export type InterleavingMode = (typeof INTERLEAVING_MODES)[number];

/** What has happened, so that a test can tell that something has. */
export interface Tally {
  operations: number;
  steps: number;
  /** Steps that failed, before or after they reached the store. */
  failures: number;
  /** Processes that died between two steps. */
  deaths: number;
  /** Runs that the store forgot. */
  vanished: number;
  /** Operations that were repeated because they failed, or their process died. */
  repeated: number;
}

export function emptyTally(): Tally {
  return { operations: 0, steps: 0, failures: 0, deaths: 0, vanished: 0, repeated: 0 };
}

/** USD. Two runs at a time fit a team, two teams the tenant. */
const LIMITS = { tenant: 12, team: 6, run: 3 };
const PROCESSES = 3;
const MOST_AT_ONCE = 6;
/** All operations of one play together need less than a tenth of it. */
const MOST_STEPS = 20_000;
const START = Date.UTC(2030, 0, 30, 12);
const JUMPS_MS = [1000, 3_600_000, 43_200_000];
const HOLDS = ['a', 'b', 'c', 'd'];
/** Steps that a failure tells. */
const TOLD_STEPS = 120;

const WEIGHTS = {
  create: 20,
  reserve: 20,
  commit: 20,
  release: 6,
  spend: 4,
  status: 8,
  children: 4,
  settle: 12,
  delete: 8,
  freeze: 2,
  unfreeze: 4,
  jump: 3,
  death: 3,
  vanish: 3,
};

type Verb = keyof typeof WEIGHTS;

const VERBS = Object.entries(WEIGHTS).flatMap(([verb, weight]) =>
  Array<Verb>(weight).fill(verb as Verb),
);

/** What an operation may be refused for, beside a store that is unavailable. */
const REFUSALS: Partial<Record<Verb, readonly BudgetErrorCode[]>> = {
  // Another may have closed or removed the child at the same moment.
  create: ['budget_exceeded', 'budget_closed', 'budget_frozen', 'budget_not_found'],
  reserve: [
    'budget_exceeded',
    'budget_closed',
    'budget_frozen',
    'budget_not_found',
    'hold_conflict',
  ],
  commit: ['budget_not_found', 'hold_conflict'],
  release: ['budget_not_found', 'hold_not_found', 'hold_conflict'],
  spend: ['budget_not_found'],
  status: ['budget_not_found'],
  settle: ['budget_not_found', 'budget_busy'],
  delete: ['budget_not_found'],
  freeze: ['budget_not_found'],
  unfreeze: ['budget_not_found'],
};

/** What one process does for a caller: the same however often it is repeated. */
interface Operation {
  readonly verb: Verb;
  readonly runId: string;
  act(tracker: BudgetTracker): Promise<unknown>;
}

interface Process {
  readonly name: string;
  readonly client: BudgetStore;
  readonly tracker: BudgetTracker;
}

/**
 * Lets several processes use one family of budgets on one store, at most six operations at a time: a tenant, two teams and
 * their runs, with and without windows. A seed gives the operations, the order of their steps, and what befalls them: steps
 * that fail before or after they reach the store, processes that die between two, a clock that jumps over the ends of
 * windows, and runs that the store forgets. Then everything that was not answered is repeated without faults, and all is
 * settled or deleted. The same seed on an empty store plays the same.
 *
 * The laws, beside those of {@link FamilyBooks}:
 * - once all are settled, nothing is held and no child is left;
 * - no operation fails but with a BudgetError, and with one that its verb may be refused for;
 * - nothing is wedged: every operation ends, and in the end every settle and delete does what it says, also in a budget
 *   that is frozen.
 * @param store its clock is set by commands, or stands still (Redis).
 * @throws Error that names the mode and the seed, what does not hold, and the last steps.
 */
export async function playInterleaving(
  store: BudgetStore,
  of: { readonly mode: InterleavingMode; readonly seed: number },
): Promise<Tally> {
  return new Interleaving(store, of).play();
}

class Interleaving {
  readonly #store: BudgetStore;
  readonly #mode: InterleavingMode;
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #books = new FamilyBooks();
  readonly #scheduler: StepScheduler;
  readonly #processes: Process[] = [];
  readonly #running = new Map<Operation, Process>();
  /** Operations that nobody knows the outcome of. */
  #unanswered: Operation[] = [];
  readonly #taken: TakenStep[] = [];
  readonly #names = new Map<BudgetStore, string>();
  readonly #tally = emptyTally();
  #now = START;

  readonly #tenant: string;
  readonly #teams: readonly string[];
  readonly #windows: Record<keyof typeof LIMITS, CreateOptions['window']>;
  /** The parent of each run. */
  readonly #runs = new Map<string, string>();
  #focus: string | undefined;

  constructor(store: BudgetStore, { mode, seed }: { mode: InterleavingMode; seed: number }) {
    this.#store = withNamedLives(store);
    this.#mode = mode;
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    this.#scheduler = new StepScheduler(this.#store, this.#random, (step) => this.#tell(step));
    this.#tenant = this.#id('tenant');
    this.#teams = [this.#id('team-1'), this.#id('team-2')];
    this.#windows = {
      tenant: this.#random.pick([undefined, 'day', 'month']),
      team: this.#random.pick([undefined, 'day']),
      run: this.#random.pick([undefined, undefined, 'day']),
    };
    while (this.#processes.length < PROCESSES) this.#startProcess();
  }

  async play(): Promise<Tally> {
    await this.#found();
    this.#scheduler.faults = this.#random.chance(0.7) ? this.#random.below(20) / 100 : 0;
    for (let events = 40 + this.#random.below(60); events > 0; events--) {
      await this.#happen(this.#random.pick(VERBS));
      await this.#until(MOST_AT_ONCE - 1);
    }
    await this.#until(0);
    this.#scheduler.faults = 0;
    await this.#repeat();
    await this.#end();
    await this.#books.checkEnd(this.#store, this.#now);
    this.#check();
    return this.#tally;
  }

  /** The tenant and its teams. */
  async #found(): Promise<void> {
    await this.#do('create', this.#tenant, (tracker) =>
      tracker.create(this.#tenant, LIMITS.tenant, this.#settings('tenant')),
    );
    for (const team of this.#teams) {
      const settings = { ...this.#settings('team'), parent: this.#tenant };
      await this.#do('create', team, (tracker) => tracker.create(team, LIMITS.team, settings));
    }
  }

  async #happen(verb: Verb): Promise<void> {
    switch (verb) {
      case 'jump':
        this.#now += this.#random.pick(JUMPS_MS);
        return;
      case 'death':
        this.#killProcess(this.#random.pick(this.#processes));
        return;
      case 'vanish':
        if (this.#mode === 'vanish' && this.#runs.size > 0) {
          await this.#vanish(this.#pickRun());
        }
        return;
      default:
        this.#start(this.#operation(this.#runs.size === 0 ? 'create' : verb));
    }
  }

  #operation(verb: Exclude<Verb, 'jump' | 'death' | 'vanish'>): Operation {
    const random = this.#random;
    const holdId = random.pick(HOLDS);
    const run = this.#pickRun();
    const parent = random.pick([this.#tenant, ...this.#teams]);
    const any = random.chance(0.1) ? parent : run;
    switch (verb) {
      case 'create':
        return this.#create();
      case 'reserve': {
        const amount = random.pick([1, 1.5, 2]);
        return { verb, runId: any, act: (tracker) => tracker.reserve(any, holdId, amount) };
      }
      case 'commit': {
        const amount = random.pick([0.25, 0.5, 1, 1, 1, 2.5]);
        return { verb, runId: any, act: (tracker) => tracker.commit(any, holdId, amount) };
      }
      case 'release':
        return { verb, runId: any, act: (tracker) => tracker.release(any, holdId) };
      case 'spend': {
        const idempotencyKey = `spend-${this.#tally.operations}`;
        const options = { idempotencyKey };
        return { verb, runId: any, act: (tracker) => tracker.spend(any, 0.25, options) };
      }
      case 'status':
        return { verb, runId: any, act: (tracker) => tracker.status(any) };
      case 'children':
        return { verb, runId: parent, act: (tracker) => tracker.children(parent) };
      case 'settle': {
        const child = any === this.#tenant ? run : any;
        return { verb, runId: child, act: (tracker) => tracker.settle(child) };
      }
      // A cost of a run that comes after its team was deleted is charged to nobody: teams stay to the end.
      case 'delete':
        return { verb, runId: run, act: (tracker) => tracker.delete(run) };
      case 'freeze':
        return { verb, runId: any, act: (tracker) => tracker.freeze(any) };
      case 'unfreeze':
        return { verb, runId: any, act: (tracker) => tracker.unfreeze(any) };
    }
  }

  /** A run: half of the time the one that all look at for a while, so that they meet in it. */
  #pickRun(): string {
    const runs = [...this.#runs.keys()];
    if (this.#focus === undefined || this.#random.chance(0.1))
      this.#focus = this.#random.pick(runs);
    return this.#random.chance(0.5) ? this.#focus : this.#random.pick(runs);
  }

  #create(): Operation {
    const isAgain = this.#mode !== 'once' && this.#runs.size > 3;
    const runs = [...this.#runs.keys()];
    const runId = isAgain ? this.#pickRun() : this.#id(`run-${runs.length}`);
    const [first = '', second = ''] = this.#teams;
    const parent = this.#runs.get(runId) ?? this.#random.pick([first, first, second]);
    this.#runs.set(runId, parent);
    const settings = { ...this.#settings('run'), parent };
    return { verb: 'create', runId, act: (tracker) => tracker.create(runId, LIMITS.run, settings) };
  }

  async #vanish(runId: string): Promise<void> {
    if (!(await this.#store.delete({ runId, now: this.#now }))) return;
    this.#tally.vanished += 1;
    this.#books.vanish(runId);
  }

  /** Repeats what was not answered, as its callers would. */
  async #repeat(): Promise<void> {
    const operations = this.#unanswered;
    this.#unanswered = [];
    this.#tally.repeated += operations.length;
    for (const operation of operations) {
      this.#start(operation);
      await this.#until(MOST_AT_ONCE - 1);
    }
    await this.#until(0);
  }

  /** Settles or deletes all runs, at once, then all above them. */
  async #end(): Promise<void> {
    for (const runId of this.#runs.keys()) {
      const isDeleted = this.#random.chance(0.3);
      this.#start({
        verb: isDeleted ? 'delete' : 'settle',
        runId,
        act: (tracker) =>
          (isDeleted ? tracker.delete(runId) : settleFreed(tracker, runId)).catch(unlessNotFound),
      });
      await this.#until(MOST_AT_ONCE - 1);
    }
    await this.#until(0);
    for (const team of this.#teams) {
      // Finds those of its children that have vanished.
      await this.#do('children', team, (tracker) => tracker.children(team));
      await this.#do('settle', team, (tracker) => settleFreed(tracker, team));
    }
    await this.#do('release', this.#tenant, (tracker) => releaseAll(tracker, this.#tenant));
    for (const { tracker } of this.#processes) await tracker.close();
  }

  /** Does one thing alone that must not fail, whatever its verb may be refused for. */
  async #do(verb: Verb, runId: string, act: Operation['act']): Promise<void> {
    this.#start({ verb, runId, act: (tracker) => act(tracker).catch(mustNotFail) });
    await this.#until(0);
  }

  #start(operation: Operation): void {
    const process = this.#random.pick(this.#processes);
    this.#tally.operations += 1;
    this.#running.set(operation, process);
    operation
      .act(process.tracker)
      .catch((error: unknown) => {
        const isUnanswered = error instanceof BudgetError && error.code === 'store_unavailable';
        if (isUnanswered && this.#scheduler.faults > 0) this.#unanswered.push(operation);
        else if (!isRefusal(operation.verb, error)) {
          this.#books.broken.push(`${operation.verb} ${operation.runId}: ${String(error)}`);
        }
      })
      .finally(() => this.#running.delete(operation));
  }

  /** Takes steps until at most so many operations are under way; with 0, until nothing at all is. */
  async #until(most: number): Promise<void> {
    while (this.#running.size > most || most === 0) {
      const isStep = await this.#scheduler.next();
      if (!isStep && this.#running.size === 0) return;
      if (!isStep || this.#tally.steps > MOST_STEPS) {
        const names = [...this.#running.keys()].map(({ verb, runId }) => `${verb} ${runId}`);
        this.#books.broken.push(`wedged: ${names.join(', ')}`);
      }
      this.#check();
    }
  }

  #startProcess(): void {
    const client = this.#scheduler.connect();
    const name = `process ${this.#names.size + 1}`;
    this.#names.set(client, name);
    const tracker = new BudgetTracker(client, { clock: () => this.#now });
    this.#processes.push({ name, client, tracker });
  }

  #killProcess(process: Process): void {
    this.#tally.deaths += 1;
    this.#scheduler.kill(process.client);
    this.#processes.splice(this.#processes.indexOf(process), 1);
    this.#startProcess();
    for (const [operation, of] of this.#running) {
      if (of !== process) continue;
      this.#running.delete(operation);
      this.#unanswered.push(operation);
    }
  }

  #tell(step: TakenStep): void {
    this.#tally.steps += 1;
    if (step.failed !== undefined) this.#tally.failures += 1;
    this.#taken.push(step);
    this.#books.add(step);
  }

  #check(): void {
    const { broken } = this.#books;
    if (broken.length === 0) return;
    const steps = this.#taken
      .slice(-TOLD_STEPS)
      .map(({ client, verb, command, answer, failed }) => {
        const fate = failed === undefined ? '' : ` lost ${failed}`;
        const told = `${JSON.stringify(command)} -> ${JSON.stringify(answer)}`;
        return `${this.#names.get(client) ?? ''} ${verb}${fate} ${told}`;
      });
    const where = `mode ${this.#mode}, seed ${this.#seed}`;
    throw new Error(`${where}: ${broken.join('; ')}\n${steps.join('\n')}`);
  }

  /** Ids that no other play on the same store has. */
  #id(name: string): string {
    return `${this.#mode}-${this.#seed}-${name}`;
  }

  #settings(level: keyof typeof LIMITS): CreateOptions {
    const window = this.#windows[level];
    return { lasting: true, ...(window && { window }) };
  }
}

/** A store in which lives are told apart by their number and not by chance, so that a seed always plays the same. */
function withNamedLives(store: BudgetStore): BudgetStore {
  let lives = 0;
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]): unknown => {
        if (name !== 'create') return Reflect.apply(method, target, args) as unknown;
        lives += 1;
        return store.create({ ...(args[0] as CreateCommand), incarnation: `life-${lives}` });
      };
    },
  });
}

/** Settles a budget after its holds are released, if there are any. */
async function settleFreed(tracker: BudgetTracker, runId: string): Promise<void> {
  await releaseAll(tracker, runId);
  await tracker.settle(runId);
}

async function releaseAll(tracker: BudgetTracker, runId: string): Promise<void> {
  for (const { hold_id } of await tracker.holds(runId)) await tracker.release(runId, hold_id);
}

function isRefusal(verb: Verb, error: unknown): boolean {
  return error instanceof BudgetError && (REFUSALS[verb] ?? []).includes(error.code);
}

/** Makes a refusal what no verb may fail with. */
function mustNotFail(error: unknown): never {
  throw new Error(`must not fail: ${String(error)}`, { cause: error });
}

function unlessNotFound(error: unknown): void {
  if (error instanceof BudgetError && error.code === 'budget_not_found') return;
  mustNotFail(error);
}
