export { BudgetTracker, BUDGET_TTL_SECONDS, DEFAULT_HOLD_TTL_SECONDS } from './budget-tracker.ts';
export type { BudgetPage, BudgetTrackerOptions, JournalReplay } from './budget-tracker.ts';
export { CommitJournal } from './commit-journal.ts';
export type { JournaledCommit } from './commit-journal.ts';
export type { BudgetStatus, CommitReceipt, HoldReceipt, HoldState } from './budget-status.ts';
export { ceilUsd } from './money.ts';

export { SqliteBudgetStore } from './sqlite-budget-store.ts';
export type { SqliteBudgetStoreOptions } from './sqlite-budget-store.ts';
export { RedisBudgetStore } from './redis-budget-store.ts';
export type { RedisBudgetStoreOptions } from './redis-budget-store.ts';
export { redisClusterOptions, redisOptions } from './redis-options.ts';
export type {
  BudgetStore,
  Charged,
  CommitCommand,
  CreateCommand,
  Done,
  ExtendCommand,
  Held,
  HoldCommand,
  HoldConflict,
  HoldNotFound,
  Ledger,
  LedgerPage,
  ListCommand,
  NotFound,
  Overflow,
  Refused,
  ReserveCommand,
  RunCommand,
  SpendCommand,
} from './budget-store.ts';

export {
  BudgetConflictError,
  BudgetError,
  BudgetExceededError,
  BudgetInputError,
  BudgetNotFoundError,
  CorruptValueError,
  HoldConflictError,
  HoldNotFoundError,
  JournalLockedError,
  StoreUnavailableError,
} from './budget-error.ts';
export type { BudgetErrorCode } from './budget-error.ts';
