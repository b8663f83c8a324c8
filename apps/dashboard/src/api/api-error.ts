import { problemSchema } from './problem.ts';

interface ApiErrorFields {
  code: string;
  title: string;
  detail: string;
  status?: number | undefined;
  fields?: readonly { path: string; message: string }[] | undefined;
  /** Seconds the server asked to wait (`Retry-After`). */
  retryAfter?: number | undefined;
}

/**
 * A call that did not get its answer. `title` is what happened, `detail` what to do. `code` is the
 * one of the control plane's problem, or `unreachable` (no answer) or `unexpected_answer` (an answer
 * that this page cannot read).
 */
export class ApiError extends Error {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly status: number | undefined;
  readonly fields: readonly { path: string; message: string }[];
  readonly retryAfter: number | undefined;

  constructor({ code, title, detail, status, fields = [], retryAfter }: ApiErrorFields) {
    super(`${title}: ${detail}`);
    this.name = 'ApiError';
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.status = status;
    this.fields = fields;
    this.retryAfter = retryAfter;
  }
}

export function unreachable(): ApiError {
  return new ApiError({
    code: 'unreachable',
    title: 'The control plane does not answer',
    detail:
      'Check that it runs (npm start) and that this machine reaches it. The page keeps trying.',
  });
}

export function unexpectedAnswer(status: number): ApiError {
  return new ApiError({
    code: 'unexpected_answer',
    title: `The control plane gave an answer that this page cannot read (${status})`,
    detail: 'Reload the page: it may be older than the control plane. Check what stands between.',
    status,
  });
}

/** The error that an answer other than 2xx stands for. */
export async function errorOf(response: Response): Promise<ApiError> {
  const { status } = response;
  const parsed = problemSchema.safeParse(await response.json().catch(() => undefined));
  const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
  if (!parsed.success) return unexpectedAnswer(status);
  const { errors, ...problem } = parsed.data;
  return new ApiError({
    ...problem,
    status,
    fields: errors,
    retryAfter: Number.isFinite(retryAfter) ? retryAfter : undefined,
  });
}
