export { BudgetTracker, BUDGET_TTL_SECONDS, DEFAULT_HOLD_TTL_SECONDS } from './budget-tracker.ts';
export type {
  BudgetPage,
  BudgetTrackerOptions,
  CreateOptions,
  Guards,
  JournalReplay,
  ReserveOptions,
} from './budget-tracker.ts';
export { CommitJournal } from './commit-journal.ts';
export type { JournaledCommit } from './commit-journal.ts';
export type {
  BudgetStatus,
  ChildStatus,
  CommitReceipt,
  HoldReceipt,
  HoldState,
  HoldStatus,
  SpendReceipt,
  UnitStatus,
} from './budget-status.ts';
export type { Quantities } from './quantities.ts';
export type { ThresholdAlert } from './threshold-alerts.ts';
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
  Persistence,
  Refused,
  ReserveCommand,
  RunCommand,
  SpendCommand,
  Threshold,
} from './budget-store.ts';

export {
  BudgetBusyError,
  BudgetClosedError,
  BudgetConflictError,
  BudgetError,
  BudgetExceededError,
  BudgetFrozenError,
  BudgetInputError,
  BudgetNotFoundError,
  BudgetTooFastError,
  CallRepeatedError,
  CorruptValueError,
  HoldConflictError,
  HoldNotFoundError,
  JournalLockedError,
  StoreUnavailableError,
} from './budget-error.ts';
export type { BudgetErrorCode } from './budget-error.ts';
