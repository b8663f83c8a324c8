/** The kinds of action a gate decides about. */
export type Action =
  | 'execute_code'
  | 'deploy'
  | 'create_billing'
  | 'delete_files'
  | 'network_access'
  | 'write_files'
  | 'read_files'
  | 'query_database'
  | 'call_tool';

export const ACTIONS: readonly Action[] = Object.freeze([
  'execute_code',
  'deploy',
  'create_billing',
  'delete_files',
  'network_access',
  'write_files',
  'read_files',
  'query_database',
  'call_tool',
]);

/**
 * What is known about the action. Every field is optional; fields that are not named here are
 * ignored. A field of the wrong type is never guessed at: the decision is `invalid_context`.
 */
export interface ActionContext {
  /** A shell command line or script (bash syntax). */
  command?: string | undefined;
  /** Absolute working directory of the command. */
  cwd?: string | undefined;
  /** Absolute home directory of the user that runs it. */
  home?: string | undefined;
  /** Source text, read together with `language`. */
  code?: string | undefined;
  /** `python`, `javascript`, `typescript`, `bash`, `ruby`, `perl`, `php`, `sql`. */
  language?: string | undefined;
  sql?: string | undefined;
  /** `postgresql`, `mysql`, `sqlite`, ...; the analysis is the same for all of them today. */
  dialect?: string | undefined;
  url?: string | undefined;
  method?: string | undefined;
  /** Narrows the policy's own list for this one action; it can never widen it. */
  allowlist?: readonly string[] | undefined;
  paths?: readonly string[] | undefined;
  recursive?: boolean | undefined;
  content?: string | undefined;
  environment?: string | undefined;
  tool?: string | undefined;
  arguments?: unknown;
}
