/**
 * Signed file URLs: whoever holds one may read, or write, one path of one sandbox.
 * Source: `getSignature` of E2B's SDK, packages/js-sdk/src/sandbox/signature.ts
 */
import { createHash } from 'node:crypto';
import { sameSecret } from './secret.ts';

const SIGNATURE = 'signature';
const EXPIRATION = 'signature_expiration';

/** What was signed, as the URL has it: nothing of it is resolved or decoded further. */
export interface SignedFile {
  readonly path: string;
  readonly operation: 'read' | 'write';
  /** Empty for the default user. */
  readonly user: string;
  /** Unix seconds in decimal; undefined for a URL that does not expire. */
  readonly expiration: string | undefined;
}

export function fileSignature(file: SignedFile, accessToken: string): string {
  const parts = [file.path, file.operation, file.user, accessToken];
  if (file.expiration !== undefined) parts.push(file.expiration);
  const hash = createHash('sha256').update(parts.join(':')).digest('base64');
  return `v1_${hash.replace(/=+$/, '')}`;
}

/** A request to `/files` that carries a signature. */
export class SignedRequest {
  readonly #signature: string;
  readonly #file: SignedFile;

  private constructor(signature: string, file: SignedFile) {
    this.#signature = signature;
    this.#file = file;
  }

  /** Undefined when the request is not to `/files` or carries no signature. */
  static of(method: string | undefined, url: URL): SignedRequest | undefined {
    const signature = url.searchParams.get(SIGNATURE);
    if (url.pathname !== '/files' || signature === null) return undefined;
    if (method !== 'GET' && method !== 'POST') return undefined;
    return new SignedRequest(signature, {
      path: url.searchParams.get('path') ?? '',
      operation: method === 'GET' ? 'read' : 'write',
      user: url.searchParams.get('username') ?? '',
      expiration: url.searchParams.get(EXPIRATION) ?? undefined,
    });
  }

  /** Whether the holder of the sandbox's token made it; it may be too old all the same. */
  isSignedWith(accessToken: string): boolean {
    return sameSecret(this.#signature, fileSignature(this.#file, accessToken));
  }

  /** @param now milliseconds since the epoch */
  isExpired(now: number): boolean {
    const { expiration } = this.#file;
    if (expiration === undefined) return false;
    // Written so that what is no number counts as expired.
    return !(Number(expiration) >= Math.floor(now / 1000));
  }
}

/** Path and query without what only the server has to know. */
export function withoutSignature(url: URL): string {
  if (!url.searchParams.has(SIGNATURE) && !url.searchParams.has(EXPIRATION)) {
    return url.pathname + url.search;
  }
  const query = new URLSearchParams(url.search);
  query.delete(SIGNATURE);
  query.delete(EXPIRATION);
  return `${url.pathname}?${query.toString()}`;
}
