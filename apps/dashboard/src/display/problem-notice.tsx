import type { ReactNode } from 'react';
import { ApiError } from '../api/api-error.ts';
import { Icon } from './icon.tsx';

interface ProblemNoticeProps {
  title: string;
  detail: string;
  children?: ReactNode;
}

/** What went wrong and what to do next. */
export function ProblemNotice({ title, detail, children }: ProblemNoticeProps) {
  return (
    <div role="alert" className="m-3 flex gap-2 rounded-md bg-danger-soft px-3 py-2 text-xs">
      <Icon name="warning" className="mt-px text-danger" />
      <div className="min-w-0 wrap-anywhere">
        <p className="font-semibold text-danger">{title}</p>
        <p className="mt-0.5 text-ink">{detail}</p>
        {children}
      </div>
    </div>
  );
}

/** The same for anything that was thrown. */
export function ErrorNotice({ error, children }: { error: unknown; children?: ReactNode }) {
  const { title, detail } =
    error instanceof ApiError
      ? error
      : { title: 'The page failed', detail: 'Reload it. If this stays, report it with the time.' };
  return (
    <ProblemNotice title={title} detail={detail}>
      {error instanceof ApiError &&
        error.fields.map(({ path, message }) => (
          <p key={path} className="mt-0.5">
            <code className="font-mono">{path}</code>: {message}
          </p>
        ))}
      {children}
    </ProblemNotice>
  );
}
