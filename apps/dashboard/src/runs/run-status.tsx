import type { RunStatus } from '@ae/contracts';
import { Icon } from '../display/icon.tsx';
import { RUN_STATUS } from './run.ts';

const tones = {
  good: 'text-good',
  bad: 'text-danger',
  warn: 'text-warn',
  wait: 'rounded bg-wait-soft px-1 text-wait',
  busy: 'text-busy',
  idle: 'text-muted',
} as const;

/** A status by sign, word and colour. */
export function RunStatusMark({ status }: { status: RunStatus }) {
  const { word, icon, tone } = RUN_STATUS[status];
  return (
    <span
      className={`inline-flex items-center gap-1.5 align-middle font-medium sm:whitespace-nowrap ${tones[tone]}`}
    >
      <Icon name={icon} className={`size-3.5 ${icon === 'spinner' ? 'turning' : ''}`} />
      {word}
    </span>
  );
}
