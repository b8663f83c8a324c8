import { SafetyError } from './safety-error.ts';

/**
 * An identifier as one segment of a path.
 * @throws SafetyError `invalid_request` for what a URL would resolve to another path (`.` and `..`,
 * encoded or not) or cannot carry.
 */
export function pathSegment(id: string): string {
  if (id === '' || id === '.' || id === '..' || !id.isWellFormed()) {
    throw new SafetyError('invalid_request', 'this identifier cannot be part of an address');
  }
  return encodeURIComponent(id);
}
