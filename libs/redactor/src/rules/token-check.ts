import type { TokenCheckName } from './token-rule.ts';

/** Conditions on a token beyond its shape. They judge at most the first 4096 units. */
export const TOKEN_CHECKS: Readonly<Record<TokenCheckName, (token: string) => boolean>> = {
  digit: (token) => /\d/.test(token),
  // Names of programs keep to one case, or have no digits.
  cased: (token) => /\d/.test(token) && /[A-Z]/.test(token) && /[a-z]{2}/.test(token),
  mixed: (token) => /\d/.test(token) && /[A-Za-z]/.test(token),
  // RFC 7519: the header is a JSON object, so that its base64url begins with `eyJ` and names an algorithm or type.
  jwt: (token) => {
    const header = decodeBase64(token.slice(0, token.indexOf('.')));
    if (header === undefined || !/"(?:alg|typ|enc|kid|cty)"\s*:/.test(header)) return false;
    // The example of jwt.io.
    const payload = decodeBase64(token.split('.', 2)[1] ?? '');
    return payload === undefined || !/"sub"\s*:\s*"1234567890"/.test(payload);
  },
  // RFC 7617: base64 of `user:password`.
  basic: (token) => {
    const pair = decodeBase64(token);
    return pair !== undefined && /^[\x20-\x7e\u00a0-\u00ff]*:[\x20-\x7e\u00a0-\u00ff]+$/.test(pair);
  },
  // A private key in armour, as a whole in base64 once more (kubeconfig, CI variables).
  armour: (token) => /PRIVATE KEY/.test(decodeBase64(token.slice(0, 80)) ?? ''),
};

/** Decodes base64 or base64url to one unit for each byte; undefined when it is neither. */
export function decodeBase64(text: string): string | undefined {
  try {
    return atob(text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, ''));
  } catch {
    return undefined;
  }
}
