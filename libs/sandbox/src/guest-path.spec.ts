import fc from 'fast-check';
import { HOME, resolveFileInHome, resolveInHome } from './guest-path.ts';
import { InvalidPath } from './sandbox-error.ts';

const segment = fc.oneof(
  fc.constantFrom('', '.', '..', '...', 'a', 'user', 'user2', 'home', '~'),
  fc.string(),
);
const path = fc.array(segment, { maxLength: 6 }).map((segments) => segments.join('/'));

describe('a path in the home', () => {
  it('never leads out of it', () => {
    fc.assert(
      fc.property(path, (given) => {
        let resolved: string;
        try {
          resolved = resolveInHome(given);
        } catch (error) {
          return error instanceof InvalidPath;
        }
        const parts = resolved.split('/');
        return (
          (resolved === HOME || resolved.startsWith(`${HOME}/`)) &&
          !parts.includes('..') &&
          !resolved.includes('\0') &&
          resolveInHome(resolved) === resolved
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps a plain relative name as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((name) => !/[/\0]/.test(name) && !/^\.\.?$/.test(name)),
        (name) => resolveFileInHome(name) === `${HOME}/${name}`,
      ),
    );
  });

  it.each(['.', './', 'a/', 'a/.', HOME])('is no file when it is %j', (given) => {
    expect(resolveInHome(given)).toBeTruthy();
    expect(() => resolveFileInHome(given)).toThrow(InvalidPath);
  });
});
