import type { BudgetStatus } from '@ae/contracts';

/** The share of the drawing that stands for the limit; the rest is for what goes beyond it. */
const LIMIT_AT = 80;

/**
 * Spent, held and what remains of a limit; beyond the limit it grows past the mark. It says in a
 * drawing what stands beside it in figures.
 */
export function BudgetBar({ budget }: { budget: BudgetStatus }) {
  const { spent, held, limit } = budget;
  const of = (amount: number) => (limit > 0 ? (amount / limit) * LIMIT_AT : LIMIT_AT);
  const spentWithin = Math.min(of(spent), LIMIT_AT);
  const heldWithin = Math.min(of(held), LIMIT_AT - spentWithin);
  const beyond = Math.min(Math.max(of(spent + held) - LIMIT_AT, 0), 100 - LIMIT_AT);
  return (
    <div aria-hidden="true" className="relative h-2 w-full min-w-24">
      <div className="absolute inset-y-0 left-0 rounded-sm bg-sunken" style={{ width: '80%' }} />
      <div
        className={`absolute inset-y-0 left-0 rounded-l-sm ${budget.exceeded ? 'bg-danger' : 'bg-accent'}`}
        style={{ width: `${spentWithin}%` }}
      />
      <div
        className="held absolute inset-y-0"
        style={{ left: `${spentWithin}%`, width: `${heldWithin}%` }}
      />
      {beyond > 0 && (
        <div
          className="absolute inset-y-0 rounded-r-sm bg-danger"
          style={{ left: '80%', width: `${beyond}%` }}
        />
      )}
      <div className="absolute -inset-y-0.5 w-px bg-muted" style={{ left: '80%' }} />
    </div>
  );
}
