import { SandboxUnavailable } from './sandbox-error.ts';

/** What a provider can do beyond the ordinary. */
export interface SandboxCapabilities {
  /** It can limit a sandbox's network to named hosts. */
  readonly networkAllowlist: boolean;
  /** It can freeze a sandbox and let it go on. */
  readonly pause: boolean;
}

const ALL: SandboxCapabilities = { networkAllowlist: true, pause: true };

/** What @ae/sandbox-server tells on `GET /health`, a list of words. */
const HEADER = 'x-ae-capabilities';

/**
 * What the provider at an address can do: all of it in E2B's cloud, and what another server tells. One that tells
 * nothing is trusted with nothing, since it may ignore what it does not know.
 *
 * @throws SandboxUnavailable
 */
export async function capabilitiesOf(
  apiUrl: string | undefined,
  timeoutMs: number,
): Promise<SandboxCapabilities> {
  if (apiUrl === undefined) return ALL;
  let told: string;
  try {
    const url = new URL('health', apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' });
    told = answer.headers.get(HEADER) ?? '';
  } catch (error) {
    throw new SandboxUnavailable('The sandbox provider does not tell what it can do.', {
      cause: error,
    });
  }
  const words = told.split(',').map((word) => word.trim());
  return { networkAllowlist: words.includes('network-allowlist'), pause: words.includes('pause') };
}
