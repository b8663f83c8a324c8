import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { DEFAULT_TENANT } from './principal.ts';
import type { Principal } from './principal.ts';

/** Keys carry 256 random bits, so a fast hash with a pepper is enough to compare them in constant time. */
export class ApiKeys {
  readonly #pepper = randomBytes(32).toString('hex');
  readonly #entries: { digest: Buffer; principal: Principal }[] = [];

  constructor(keys: { admin: string; worker: string }) {
    this.#add(keys.admin, {
      tenant_id: DEFAULT_TENANT,
      user_id: 'admin',
      scopes: new Set(['check', 'budgets', 'runs', 'approvals', 'audit', 'events']),
    });
    this.#add(keys.worker, {
      tenant_id: DEFAULT_TENANT,
      user_id: 'worker',
      scopes: new Set(['check', 'budgets', 'report']),
    });
  }

  /** The principal of `Authorization: Bearer <key>`, or undefined. Looks at every key each time. */
  authenticate(authorization: string | undefined): Principal | undefined {
    const presented = /^Bearer (\S{1,256})$/.exec(authorization ?? '')?.[1];
    if (presented === undefined) return undefined;
    const digest = this.#digest(presented);
    let found: Principal | undefined;
    for (const entry of this.#entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.principal;
    }
    return found;
  }

  #add(key: string, principal: Principal): void {
    this.#entries.push({ digest: this.#digest(key), principal });
  }

  #digest(key: string): Buffer {
    return hash('sha256', this.#pepper + key, 'buffer');
  }
}
