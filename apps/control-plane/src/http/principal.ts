/** What a key may be used for. */
export type Scope = 'check' | 'budgets' | 'runs' | 'approvals' | 'audit' | 'events' | 'report';

/** Who acts. */
export interface Principal {
  tenant_id: string;
  user_id: string;
  scopes: ReadonlySet<Scope>;
}

/** The one tenant of this version. */
export const DEFAULT_TENANT = 'default';

/** Who is recorded when nobody proved to be somebody. */
export const ANONYMOUS: Principal = {
  tenant_id: DEFAULT_TENANT,
  user_id: 'anonymous',
  scopes: new Set(),
};
