/** What the server tells the agent of a sandbox, once. */
export interface InitMessage {
  /** Environment of every command. */
  readonly envs: Readonly<Record<string, string>>;
  /** Bytes of output of one command that are handed on. */
  readonly maxOutputBytes: number;
  /** Where programs find the way out; absent for a guest without network. */
  readonly egress?: { readonly port: number } | undefined;
}
