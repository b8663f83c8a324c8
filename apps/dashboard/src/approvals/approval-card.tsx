import type { Approval, ApprovalDecisionRequest } from '@ae/contracts';
import { useMutation } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Button } from '../display/button.tsx';
import { formatDuration } from '../display/duration.ts';
import { Icon } from '../display/icon.tsx';
import { useNow } from '../display/now.ts';
import { ErrorNotice } from '../display/problem-notice.tsx';
import { formatExact } from '../display/time.tsx';
import { useLiveSession } from '../live/live-session.ts';
import { approvalList } from './approval-list.ts';
import { ACTION_WORDS, approvalSchema } from './approval.ts';

type Decision = ApprovalDecisionRequest['decision'];

interface ApprovalCardProps {
  approval: Approval;
  open: boolean;
  onOpen: () => void;
  /** What is shown may not be true any more: nothing can be decided. */
  locked: boolean;
  onOpenRun: (runId: string) => void;
  onDecided: (status: Approval['status']) => void;
}

/** One approval: a line, or open with the exact action and the decision. */
export function ApprovalCard({ open, onOpen, ...review }: ApprovalCardProps) {
  const { action, step, expires_at: expiresAt } = review.approval;
  const id = useId();
  return (
    <article aria-labelledby={id} className="border-l-2 border-wait px-3 py-2 text-xs">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Icon name="hand" className="text-wait" />
        <h3 id={id} className="font-semibold">
          {ACTION_WORDS[action]}
        </h3>
        <span className="text-muted wrap-anywhere">
          <code>{action}</code> in step <code>{step}</code>
        </span>
        <span className="ml-auto flex items-center gap-2">
          <Expiry at={expiresAt} />
          {!open && <Button onClick={onOpen}>Review</Button>}
        </span>
      </div>
      {open && <ApprovalReview {...review} />}
    </article>
  );
}

type ApprovalReviewProps = Omit<ApprovalCardProps, 'open' | 'onOpen'>;

function ApprovalReview({ approval, locked, onOpenRun, onDecided }: ApprovalReviewProps) {
  const { approval_id: id, digest, run_id: runId } = approval;
  const session = useLiveSession();
  const reasonId = useId();
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const [readDigest, setReadDigest] = useState(digest);
  const changed = digest !== readDigest;
  const decide = useMutation({
    mutationFn: (decision: Decision) => {
      const body: ApprovalDecisionRequest = { decision, reason: reason.trim(), digest: readDigest };
      return session.api.post(
        `/approvals/${encodeURIComponent(id)}/decision`,
        body,
        approvalSchema,
      );
    },
    onSuccess: ({ status }) => {
      onDecided(status);
      session.change(approvalList, { remove: id });
    },
    onError: () => session.queries.invalidateQueries({ queryKey: [approvalList.name] }),
  });
  const submit = (decision: Decision) => {
    if (reason.trim() === '') setMissing(true);
    else decide.mutate(decision);
  };
  const closed = locked || changed || decide.isPending || decide.isSuccess;
  return (
    <>
      <p className="mt-1 text-pretty wrap-anywhere">{approval.reason}</p>
      <ExactAction approval={approval} />
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5">
        <dt className="text-muted">Run</dt>
        <dd>
          <button
            type="button"
            onClick={() => onOpenRun(runId)}
            className="rounded text-left font-mono text-accent wrap-anywhere underline underline-offset-2"
          >
            {runId}
          </button>
        </dd>
        <dt className="text-muted">Digest</dt>
        <dd className="font-mono text-[11px] wrap-anywhere">{digest}</dd>
      </dl>
      {changed && (
        <p role="alert" className="mt-2 rounded-md bg-warn-soft px-3 py-2">
          The action changed after you opened it. Read it again before you decide.{' '}
          <button
            type="button"
            onClick={() => setReadDigest(digest)}
            className="rounded font-medium text-accent underline underline-offset-2"
          >
            I have read it
          </button>
        </p>
      )}
      <form
        onSubmit={(event) => event.preventDefault()}
        className="mt-2.5 flex flex-wrap items-center gap-2"
      >
        <label htmlFor={reasonId} className="sr-only">
          Reason of the decision
        </label>
        <input
          id={reasonId}
          value={reason}
          maxLength={1000}
          placeholder="Reason, kept in the record"
          aria-invalid={missing}
          aria-describedby={`${reasonId}-missing`}
          onChange={(event) => {
            setReason(event.target.value);
            setMissing(false);
          }}
          className="field h-7 min-w-40 flex-1 basis-full sm:basis-0"
        />
        <Button look="danger" disabled={closed} onClick={() => submit('reject')}>
          Reject
        </Button>
        <Button look="primary" disabled={closed} onClick={() => submit('approve')}>
          Approve
        </Button>
        <p
          id={`${reasonId}-missing`}
          aria-live="polite"
          className="w-full text-danger empty:hidden"
        >
          {missing && 'Say why: the reason is part of the record.'}
        </p>
        {locked && (
          <p className="w-full text-muted">
            The page is not current. You can decide when it is live again.
          </p>
        )}
      </form>
      {decide.error && <ErrorNotice error={decide.error} />}
    </>
  );
}

/** The action as it will be done: its command as text, everything else as it was sent. */
function ExactAction({ approval: { context, action } }: { approval: Approval }) {
  const { command, ...rest } = context;
  return (
    <pre
      tabIndex={0}
      role="region"
      aria-label={`Exact action: ${ACTION_WORDS[action]}`}
      className="mt-2 max-h-64 overflow-auto rounded-md bg-sunken p-2 text-[11px] leading-4 wrap-anywhere whitespace-pre-wrap"
    >
      {command !== undefined && `${command}\n`}
      {(command === undefined || Object.keys(rest).length > 0) && JSON.stringify(rest, null, 2)}
    </pre>
  );
}

function Expiry({ at }: { at: string }) {
  const left = Date.parse(at) - useNow();
  return (
    <time
      dateTime={at}
      title={formatExact(at)}
      className={`tabular-nums ${left < 300_000 ? 'font-medium text-warn' : 'text-muted'}`}
    >
      {left > 0 ? `expires in ${formatDuration(Math.floor(left / 1000) * 1000)}` : 'expired'}
    </time>
  );
}
