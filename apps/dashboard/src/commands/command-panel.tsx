import type { CheckRequest, CreateRunRequest } from '@ae/contracts';
import { useMutation } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { KeyboardEvent, SubmitEvent } from 'react';
import { Button } from '../display/button.tsx';
import { Panel } from '../display/panel.tsx';
import { ErrorNotice } from '../display/problem-notice.tsx';
import { useLiveSession } from '../live/live-session.ts';
import { runList } from '../runs/run-list.ts';
import { runSchema } from '../runs/run.ts';
import { decisionSchema } from './decision.ts';
import { Verdict } from './verdict.tsx';

const EXAMPLES = ['node --version', 'ls -la && env', 'rm -rf /'];

/** Asks the policy about a command, or sends it down the guarded path. */
export function CommandPanel({ onRun }: { onRun: (runId: string) => void }) {
  const id = useId();
  const session = useLiveSession();
  const [command, setCommand] = useState('');
  const [limit, setLimit] = useState('0.25');
  const [wrong, setWrong] = useState<Wrong>({});

  const check = useMutation({
    mutationFn: async (asked: string) => {
      const body: CheckRequest = { action: 'execute_code', context: { command: asked } };
      return { command: asked, decision: await session.api.post('/check', body, decisionSchema) };
    },
  });
  const run = useMutation({
    mutationFn: (body: CreateRunRequest) => session.api.post('/runs', body, runSchema),
    onSuccess: (started) => {
      session.change(runList, { put: started });
      onRun(started.run_id);
    },
  });

  const onCheck = () => {
    const found = wrongOf(command);
    setWrong(found);
    if (found.command !== undefined) return;
    run.reset();
    check.mutate(command);
  };
  const onSubmit = (event?: SubmitEvent) => {
    event?.preventDefault();
    const found = { ...wrongOf(command), ...wrongLimit(limit) };
    setWrong(found);
    if (found.command !== undefined || found.limit !== undefined) return;
    check.reset();
    run.mutate({ kind: 'execute', limit: Number(limit), input: { command } });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onSubmit();
  };
  const busy = check.isPending || run.isPending;

  return (
    <Panel title="Run or check a command">
      <form noValidate onSubmit={onSubmit} className="space-y-2 px-3 py-2.5 text-xs">
        <label htmlFor={`${id}-command`} className="sr-only">
          Command
        </label>
        <textarea
          id={`${id}-command`}
          rows={2}
          value={command}
          spellCheck={false}
          autoCapitalize="off"
          placeholder="A shell command, as an agent would send it"
          aria-invalid={wrong.command !== undefined}
          aria-describedby={`${id}-wrong`}
          onChange={(event) => setCommand(event.target.value)}
          onKeyDown={onKeyDown}
          className="field block min-h-14 w-full resize-y"
        />
        <p className="flex flex-wrap items-center gap-x-3 text-muted">
          Try
          {EXAMPLES.map((example) => (
            <button
              key={example}
              type="button"
              onClick={() => setCommand(example)}
              className="h-6 rounded font-mono text-[11px] text-accent underline underline-offset-2"
            >
              {example}
            </button>
          ))}
        </p>
        <div className="flex flex-wrap items-center gap-2">
          <label htmlFor={`${id}-limit`} className="text-muted">
            Limit, USD
          </label>
          <input
            id={`${id}-limit`}
            inputMode="decimal"
            value={limit}
            aria-invalid={wrong.limit !== undefined}
            aria-describedby={`${id}-wrong`}
            onChange={(event) => setLimit(event.target.value)}
            className="field h-7 w-20 text-right tabular-nums"
          />
          <span className="ml-auto flex gap-2">
            <Button disabled={busy} onClick={onCheck}>
              {check.isPending ? 'Checking' : 'Check'}
            </Button>
            <Button type="submit" look="primary" disabled={busy}>
              {run.isPending ? 'Starting' : 'Run'}
            </Button>
          </span>
        </div>
        <p id={`${id}-wrong`} aria-live="polite" className="text-danger empty:hidden">
          {[wrong.command, wrong.limit].filter(Boolean).join(' ')}
        </p>
        {check.data && <Verdict {...check.data} />}
      </form>
      {check.error && <ErrorNotice error={check.error} />}
      {run.error && <ErrorNotice error={run.error} />}
    </Panel>
  );
}

interface Wrong {
  command?: string;
  limit?: string;
}

function wrongOf(command: string): Wrong {
  return command.trim() === '' ? { command: 'Write a command.' } : {};
}

function wrongLimit(text: string): Wrong {
  const right = /^\d+(\.\d{1,6})?$/.test(text.trim()) && Number(text) > 0;
  return right ? {} : { limit: 'A limit is USD above zero with at most 6 decimals, as 0.25.' };
}
