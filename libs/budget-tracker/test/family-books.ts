import type { BudgetStore, ChargeCommand, Ledger, TransitionCommand } from '../src/budget-store.ts';
import type { Cost } from '../src/cost.ts';
import type { TakenStep } from './step-scheduler.ts';

/** What there is to read in a command and in an answer, whatever its verb is. */
interface Command {
  readonly runId: string;
  readonly amount?: number;
  readonly to?: TransitionCommand['to'];
  readonly child?: string;
  readonly incarnation?: string;
  readonly end?: ChargeCommand['end'];
}

interface Answer {
  readonly outcome?: string;
  readonly ledger?: Ledger;
  readonly changed?: boolean;
  readonly replayed?: boolean;
  readonly held?: number | Cost;
  readonly late?: boolean;
  readonly unheld?: boolean;
}

/** A budget from its create to its end: the next one of the same id has a life of its own. Amounts are micro-USD. */
interface Life {
  readonly runId: string;
  readonly parent: string | undefined;
  /** As the last answer told it. */
  ledger: Ledger;
  /** What was recorded in it, by commits and spends. */
  costs: number;
  /** What was spent in windows that are over. */
  earlier: number;
  /** What its parent was charged with for it. */
  charged: number;
  /** What is set aside for it at its parent. */
  setAside: number;
  /** What was held when it was closed: its parent may be charged with it. */
  heldAtClose: number;
  /** Of its own costs, what nothing was set aside for at its parent. */
  uncovered: number;
  /** What its spend and holds together may be above its limit. */
  allowance: number;
  hasVanished: boolean;
}

/**
 * Keeps books of a family by the answers of the store, one after another as they happened, and says which of its laws do
 * not hold.
 *
 * At every answer:
 * - Limits: `spent + held` of a budget is above its limit by no more than its costs, and those below it, took that was not
 *   set aside. Of a cost that is what its own hold does not cover, and, in a budget that is open, of that only what
 *   passes its limit. (One that is pending, closing or closed can count on nothing at its parent: there it is all.) So
 *   nothing is ever above a limit while each cost stays within what was set aside for it.
 * - Cover: while a child is open, what its parent was charged with and has set aside for it come to at least what it
 *   spent in earlier windows and may spend in this one.
 *
 * In the end, when all are settled:
 * - Nothing is held, and no child is left.
 * - Charges: for each life of a child its parent was charged with what it spent in all its windows. Two kinds have a
 *   range: one that is closed by a delete while holds are under way may be charged with those too; and one that has
 *   vanished is charged with what is set aside, so at least with what it spent but for what was not covered, and with
 *   at most a limit more.
 * - Sums: what a budget spent in all its windows is what was recorded in it, and what it was charged with.
 */
export class FamilyBooks {
  /** What does not hold. */
  readonly broken: string[] = [];
  readonly #lives = new Map<string, Life>();
  /** The last life of each id. */
  readonly #last = new Map<string, Life>();

  /** A step that was taken, also one whose answer was lost. */
  add({ verb, command, answer }: TakenStep): void {
    const of = command as Command;
    const { outcome, ledger, changed, replayed, ...told } = (answer ?? {}) as Answer;
    if (ledger === undefined) return;
    const life = this.#lifeOf(of.runId, ledger);
    const before = life.ledger;
    life.ledger = ledger;
    const isDone = outcome === 'done';
    if (isDone && replayed === false && (verb === 'commit' || verb === 'spend')) {
      const isHeld = told.late === false && told.unheld === false;
      this.#addCost(life, of.amount ?? 0, isHeld ? amountOf(told.held) : 0);
    }
    const child = this.#lives.get(keyOf(of.child, of.incarnation));
    if (isDone && verb === 'carve' && child !== undefined) child.setAside = amountOf(told.held);
    if (isDone && verb === 'charge' && child !== undefined) {
      const more = ledger.spent - before.spent;
      child.charged += more;
      child.setAside = of.end === undefined ? Math.max(0, child.setAside - more) : 0;
    }
    if (changed === true && of.to === 'rolled') life.earlier += before.spent;
    if (changed === true && of.to === 'closing') life.heldAtClose = ledger.held;
    this.#checkNow(life);
  }

  /** The store forgets a budget that was not settled. */
  vanish(runId: string): void {
    const life = this.#last.get(runId);
    if (life !== undefined) life.hasVanished = true;
  }

  /** Checks what must hold once all are settled. */
  async checkEnd(store: BudgetStore, now: number): Promise<void> {
    for (const [runId, life] of this.#last) {
      const found = await store.children({ runId, now });
      if (found.outcome === 'not_found') continue;
      life.ledger = found.ledger;
      const names = found.children.map(({ child }) => child);
      if (names.length > 0) this.broken.push(`${runId}: ${names.join(', ')} not settled`);
      if (found.ledger.held !== 0) this.broken.push(`${runId}: still holds ${found.ledger.held}`);
    }
    const lives = [...this.#lives.values()];
    for (const life of lives) {
      const total = totalOf(life);
      const charges = lives.filter(({ parent }) => parent === life.runId).map((of) => of.charged);
      const due = charges.reduce((sum, charge) => sum + charge, life.costs);
      if (total !== due) this.broken.push(`${life.runId}: spent ${total}, not ${due}`);
      if (life.parent === undefined) continue;
      const { hasVanished, uncovered, heldAtClose, ledger, charged } = life;
      const least = total - (hasVanished ? uncovered : 0);
      const most = total + (hasVanished ? ledger.limit : heldAtClose);
      if (charged >= least && charged <= most) continue;
      const range = least === most ? String(most) : `${least} to ${most}`;
      this.broken.push(`${life.runId}: its parent was charged with ${charged}, not with ${range}`);
    }
  }

  #checkNow({ runId, ledger, allowance, earlier, charged, setAside }: Life): void {
    const { spent, held, limit, parent, carve } = ledger;
    if (spent + held - limit > allowance) {
      this.broken.push(
        `${runId} is above its limit by more than ${allowance}: ${JSON.stringify(ledger)}`,
      );
    }
    const isOpen = parent !== undefined && carve === undefined;
    if (isOpen && charged + setAside < earlier + limit) {
      this.broken.push(`${runId} is not covered by ${setAside}: ${JSON.stringify(ledger)}`);
    }
  }

  #lifeOf(runId: string, ledger: Ledger): Life {
    const { parent, incarnation } = ledger;
    const key = keyOf(runId, incarnation);
    const found = this.#lives.get(key);
    if (found !== undefined) return found;
    const life: Life = {
      runId,
      parent,
      ledger,
      costs: 0,
      earlier: 0,
      charged: 0,
      setAside: 0,
      heldAtClose: 0,
      uncovered: 0,
      allowance: 0,
      hasVanished: false,
    };
    this.#lives.set(key, life);
    this.#last.set(runId, life);
    return life;
  }

  /** @param held what the hold of the cost had set aside for it. */
  #addCost(life: Life, amount: number, held: number): void {
    const { ledger } = life;
    const unheld = Math.max(0, amount - held);
    const past = Math.min(unheld, Math.max(0, ledger.spent + ledger.held - ledger.limit));
    const uncovered = ledger.carve === undefined ? past : unheld;
    life.costs += amount;
    life.uncovered += uncovered;
    life.allowance += past;
    for (let above = this.#parentOf(life); above !== undefined; above = this.#parentOf(above)) {
      above.allowance += uncovered;
    }
  }

  #parentOf({ parent }: Life): Life | undefined {
    return parent === undefined ? undefined : this.#last.get(parent);
  }
}

function keyOf(runId: string | undefined, incarnation: string | undefined): string {
  return JSON.stringify([runId, incarnation]);
}

/** What a budget spent in all its life. */
function totalOf({ earlier, ledger }: Life): number {
  return earlier + ledger.spent;
}

function amountOf(held: number | Cost | undefined): number {
  return typeof held === 'object' ? held.amount : (held ?? 0);
}
