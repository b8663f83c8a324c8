const STORAGE_KEY = 'ae.key';

/** Whether `text` looks like a key of the control plane. */
export function isKey(text: string): boolean {
  return /^ae_[\w-]{8,}$/.test(text);
}

/**
 * Takes a key out of the address (`#key=ae_...`, as the launcher prints it), so that it stays in no
 * history and in no copied address.
 */
export function takeKeyFromAddress(): string | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const key = fragment.get('key')?.trim();
  if (key === undefined) return undefined;
  fragment.delete('key');
  const rest = fragment.toString();
  const hash = rest === '' ? '' : `#${rest}`;
  history.replaceState(history.state, '', location.pathname + location.search + hash);
  return isKey(key) ? key : undefined;
}

/** The key lives as long as the tab. */
export function storedKey(): string | undefined {
  return sessionStorage.getItem(STORAGE_KEY) ?? undefined;
}

export function storeKey(key: string): void {
  sessionStorage.setItem(STORAGE_KEY, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(STORAGE_KEY);
}
