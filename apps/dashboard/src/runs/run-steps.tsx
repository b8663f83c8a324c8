import type { RunStep } from '@ae/contracts';
import { formatDuration } from '../display/duration.ts';
import { Icon } from '../display/icon.tsx';
import type { IconName } from '../display/icon.tsx';
import { formatUsd } from '../display/money.ts';
import { useNow } from '../display/now.ts';
import { formatExact } from '../display/time.tsx';
import { stepWords } from './step-words.ts';

const signs: Record<RunStep['status'], readonly [IconName, string]> = {
  running: ['spinner', 'text-busy turning'],
  succeeded: ['check', 'text-good'],
  failed: ['cross', 'text-danger'],
  skipped: ['minus', 'text-muted'],
};

interface RunStepsProps {
  steps: readonly RunStep[];
  /** When the steps were last known to be true; the present when absent. */
  until: number | undefined;
}

/** The guarded path of a run, one row a step. */
export function RunSteps({ steps, until }: RunStepsProps) {
  return (
    <ol className="divide-y divide-line text-xs">
      {steps.map((step, index) => (
        <StepRow key={`${step.name}:${index}`} step={step} until={until} />
      ))}
    </ol>
  );
}

function StepRow({ step, until }: { step: RunStep; until: number | undefined }) {
  const [icon, look] = signs[step.status];
  return (
    <li className="grid grid-cols-[auto_1fr_auto_4.5rem] items-center gap-2 px-3 py-1">
      <Icon name={icon} className={`size-3.5 ${look}`} />
      <span className="min-w-0">{stepWords(step)}</span>
      <span className="text-muted tabular-nums">
        {step.cost !== undefined && formatUsd(step.cost)}
      </span>
      <time
        dateTime={step.started_at}
        title={`Began ${formatExact(step.started_at)}`}
        className="text-right text-muted tabular-nums"
      >
        {step.ended_at === undefined ? (
          <Elapsed since={step.started_at} until={until} />
        ) : (
          formatDuration(Date.parse(step.ended_at) - Date.parse(step.started_at))
        )}
      </time>
    </li>
  );
}

function Elapsed({ since, until }: { since: string; until: number | undefined }) {
  const now = useNow();
  const elapsed = (until ?? now) - Date.parse(since);
  return elapsed < 1000 ? '…' : formatDuration(Math.floor(elapsed / 1000) * 1000);
}
