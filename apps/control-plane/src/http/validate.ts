import type { z } from 'zod';
import { HttpProblem } from './http-problem.ts';

/** Deeper bodies than this only serve to overflow a stack. */
const MAX_DEPTH = 32;

/** Parses `value`, or throws a 400 that names each field that failed as a JSON pointer. */
export function validate<T>(schema: z.ZodType<T>, value: unknown, prefix = ''): T {
  assertPlain(value);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, 20).map((issue) => ({
    path: pointer(prefix, issue.path),
    message: issue.message.slice(0, 300),
  }));
  const first = errors[0];
  throw new HttpProblem(
    'invalid_request',
    first ? `${first.path === '' ? 'the body' : first.path}: ${first.message}` : 'not valid',
    { errors },
  );
}

function pointer(prefix: string, path: readonly PropertyKey[]): string {
  const parts = path.map((part) =>
    String(part).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1'),
  );
  return [prefix, ...parts].join('/');
}

/** Refuses what no schema looks at: bodies nested too deep, and text that is not Unicode. */
function assertPlain(value: unknown, depth = 0): void {
  if (depth > MAX_DEPTH) {
    throw new HttpProblem('invalid_request', `a body may nest ${String(MAX_DEPTH)} levels at most`);
  }
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new HttpProblem('invalid_request', 'text must not contain lone surrogates');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    if (!key.isWellFormed()) {
      throw new HttpProblem('invalid_request', 'keys must not contain lone surrogates');
    }
    assertPlain((value as Record<string, unknown>)[key], depth + 1);
  }
}
