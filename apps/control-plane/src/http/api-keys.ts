import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { DEFAULT_TENANT } from './principal.ts';
import type { Principal } from './principal.ts';

/** Keys carry 256 random bits, so a fast hash with a pepper is enough to compare them in constant time. */
export class ApiKeys {
  readonly #pepper = randomBytes(32).toString('hex');
  readonly #entries: { digest: Buffer; principal: Principal }[] = [];
  /** Headers that were accepted, one for each key: looking one up compares nothing but hashes and itself. */
  readonly #accepted = new Map<string, Principal>();

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

  /** The principal of `Authorization: Bearer <key>`, or undefined. Looks at every key before it is accepted. */
  authenticate(authorization = ''): Principal | undefined {
    const accepted = this.#accepted.get(authorization);
    if (accepted) return accepted;
    const presented = /^Bearer (\S{1,256})$/.exec(authorization)?.[1];
    if (presented === undefined) return undefined;
    const digest = this.#digest(presented);
    let found: Principal | undefined;
    for (const entry of this.#entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.principal;
    }
    if (found) this.#accepted.set(authorization, found);
    return found;
  }

  #add(key: string, principal: Principal): void {
    this.#entries.push({ digest: this.#digest(key), principal });
  }

  #digest(key: string): Buffer {
    return hash('sha256', this.#pepper + key, 'buffer');
  }
}
