import type { ExecutionResult, Run } from '@ae/contracts';
import { useSyncExternalStore } from 'react';
import { formatUsd } from '../display/money.ts';
import { useLiveSession } from '../live/live-session.ts';
import { OutputView } from './output-view.tsx';
import type { OutputChunk } from './run-output.ts';
import { isOpen } from './run.ts';

/** What a run printed: while it goes on as it comes, then whole. */
export function RunResults({ run, current }: { run: Run; current: boolean }) {
  const { result } = run;
  if (!result) return <LiveOutput run={run} current={current} />;
  if (!('commands' in result)) return <CommandResult label="Output" result={result} />;
  return (
    <>
      {Object.entries(result.commands).map(([name, command]) => (
        <CommandResult key={name} label={name} result={command} />
      ))}
      {result.deployment && (
        <p className="text-xs">
          Deployed {result.deployment.files} files to{' '}
          <code className="wrap-anywhere">{result.deployment.target}</code>, version{' '}
          <code className="wrap-anywhere">{result.deployment.version}</code>.
        </p>
      )}
    </>
  );
}

function LiveOutput({ run, current }: { run: Run; current: boolean }) {
  const { output } = useLiveSession();
  const kept = useSyncExternalStore(output.subscribe, () => output.of(run.run_id));
  const open = isOpen(run);
  if (!kept && !open) return null;
  return (
    <div>
      <OutputHead
        label="Output"
        note={
          open && current
            ? 'live and redacted, from when the page was opened'
            : 'redacted, incomplete'
        }
      />
      {kept?.cut && <p className="mb-1 text-[11px] text-muted">The beginning is not shown.</p>}
      {kept ? (
        <OutputView label="Output" chunks={kept.chunks} follow={open} />
      ) : (
        <p className="text-xs text-muted">Nothing printed yet.</p>
      )}
    </div>
  );
}

function CommandResult({ label, result }: { label: string; result: ExecutionResult }) {
  const { stdout, stderr, exitCode, timedOut, truncated } = result;
  const chunks: OutputChunk[] = [];
  if (stdout !== '') chunks.push({ stream: 'stdout', text: stdout });
  if (stderr !== '') chunks.push({ stream: 'stderr', text: stderr });
  const exit = timedOut ? 'ended by its timeout' : `exit code ${exitCode}`;
  const cost = result.cost === undefined ? '' : `, ${formatUsd(result.cost)}`;
  return (
    <div>
      <OutputHead label={label} note={`${exit}${cost}`} bad={timedOut || exitCode !== 0} />
      {truncated && (
        <p className="mb-1 text-[11px] text-muted">It printed more than is kept: cut.</p>
      )}
      {chunks.length > 0 ? (
        <OutputView label={label} chunks={chunks} />
      ) : (
        <p className="text-xs text-muted">It printed nothing.</p>
      )}
    </div>
  );
}

function OutputHead({ label, note, bad = false }: { label: string; note: string; bad?: boolean }) {
  return (
    <h3 className="mb-1 flex items-baseline gap-2 text-xs font-semibold">
      {label}
      <span className={`font-normal tabular-nums ${bad ? 'text-danger' : 'text-muted'}`}>
        {note}
      </span>
    </h3>
  );
}
