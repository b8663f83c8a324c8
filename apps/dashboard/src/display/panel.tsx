import { useId } from 'react';
import type { ReactNode } from 'react';

interface PanelProps {
  title: string;
  /** How many there are: `?` while that is not known. */
  count?: string | undefined;
  /** Stands at the right of the title. */
  aside?: ReactNode;
  /** The data are old: shown greyed. */
  stale?: boolean;
  id?: string;
  children: ReactNode;
}

/** A titled part of the page. */
export function Panel({ title, count, aside, stale = false, id, children }: PanelProps) {
  const heading = useId();
  return (
    <section
      id={id}
      tabIndex={id === undefined ? undefined : -1}
      aria-labelledby={heading}
      className="min-w-0 rounded-lg border border-line bg-surface outline-none"
    >
      <div className="flex min-h-10 flex-wrap items-center gap-x-2 gap-y-1 border-b border-line px-3 py-1.5">
        <h2 id={heading} className="text-[13px] font-semibold">
          {title}
        </h2>
        {count !== undefined && (
          <span className="min-w-5 rounded-full bg-sunken px-1.5 text-center text-[11px] leading-4.5 font-medium text-muted tabular-nums">
            {count}
          </span>
        )}
        <div className="ml-auto flex min-w-0 items-center gap-2 text-xs text-muted">{aside}</div>
      </div>
      <div data-stale={stale || undefined}>{children}</div>
    </section>
  );
}

/** What stands in a panel in place of rows. */
export function Blank({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="px-3 py-5 text-center text-xs text-muted">
      <p className="font-medium text-ink">{title}</p>
      {children !== undefined && (
        <div className="mx-auto mt-1 max-w-md text-pretty">{children}</div>
      )}
    </div>
  );
}

/** Rows to come. It ends: with content, or with an error. */
export function Skeleton({ rows }: { rows: number }) {
  return (
    <div role="status" className="divide-y divide-line">
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-8 items-center px-3">
          <span className="skeleton h-2.5 w-2/5 rounded bg-sunken" />
        </div>
      ))}
    </div>
  );
}
