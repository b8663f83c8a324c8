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

/** Who acts, in the words of the control plane; further fields are ignored. */
export interface ActingPrincipal {
  tenant_id?: string | undefined;
  user_id?: string | undefined;
  roles?: readonly string[] | undefined;
}

export interface ActingAgent {
  name?: string | undefined;
  /** `interactive`, `subagent`, `background`, `api`. */
  tier?: string | undefined;
}

/**
 * What somebody looked up on the machine, so that the decision need not: it stays pure and can be
 * made again from the same context.
 */
export interface Observation {
  /** Absolute root of the project; without it the working directory counts as the workspace. */
  project_root?: string | undefined;
  /** Where links lead: absolute path of the link to the absolute path of its target. */
  links?: Readonly<Record<string, string>> | undefined;
  /** Variables of the environment in which a command would run. */
  environment?: Readonly<Record<string, string>> | undefined;
}

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
  /** `postgresql`, `mysql`, `sqlite`, `mssql`, `oracle`, `bigquery`, `snowflake`, ... */
  dialect?: string | undefined;
  url?: string | undefined;
  method?: string | undefined;
  /** What a request would send. */
  body?: string | undefined;
  /** Narrows the policy's own list for this one action; it can never widen it. */
  allowlist?: readonly string[] | undefined;
  paths?: readonly string[] | undefined;
  recursive?: boolean | undefined;
  /** What would be written to `paths`. */
  content?: string | undefined;
  environment?: string | undefined;
  tool?: string | undefined;
  /** The arguments of `tool`: any JSON. */
  args?: unknown;
  /** The same as `args`, as the control plane's `POST /check` names it. */
  arguments?: unknown;
  /** A text is its `user_id`. */
  principal?: string | ActingPrincipal | undefined;
  /** A text is its `name`. */
  agent?: string | ActingAgent | undefined;
  observe?: Observation | undefined;
}
