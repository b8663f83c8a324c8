import { formatAge } from './duration.ts';
import { useNow } from './now.ts';

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

export function formatExact(time: number | string): string {
  return exact.format(new Date(time));
}

/** The time of day alone, for something that happened while the page was open. */
export function formatClock(time: number): string {
  return clock.format(time);
}

/** How long ago something happened, with the exact time on hover and for a screen reader. */
export function Age({ of }: { of: string }) {
  const age = formatAge(useNow() - Date.parse(of));
  return (
    <time dateTime={of} title={formatExact(of)}>
      {age}
    </time>
  );
}
