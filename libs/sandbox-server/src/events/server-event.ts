/** What happens to a sandbox: for its owner, and for who watches the server. */
export type ServerEvent = EventDetails & {
  /** Grows by one with each event of this server. */
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  readonly sandbox_id: string;
  readonly metadata: Readonly<Record<string, string>>;
};

export type EventDetails =
  | { readonly type: 'created'; readonly template: string }
  /** `cause`: who or what ended it. */
  | {
      readonly type: 'ended';
      readonly cause: 'killed' | 'timeout' | 'exited' | 'stopped' | 'unresponsive';
    }
  | { readonly type: 'paused' | 'resumed' }
  /** It was created by a caller that asked for the default network; here that is none. */
  | { readonly type: 'network_default_applied' }
  | EgressEvent;

/** A connection out of a sandbox, and the rule that refused it. */
export interface EgressEvent {
  readonly type: 'egress_allowed' | 'egress_refused';
  /** As the guest named it, at most 255 characters; empty when it named none. */
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly rule:
    | 'allowlist'
    | 'not_in_allowlist'
    | 'blocked_address'
    | 'invalid_host'
    | 'port_not_allowed'
    | 'unresolvable'
    | 'name_mismatch'
    | 'invalid_request'
    | 'method_not_allowed'
    | 'limit_exceeded';
  /** Connections before this one that were too many to tell, of this sandbox. */
  readonly suppressed?: number;
}
