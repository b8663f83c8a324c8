import type { PolicyDecision } from '@ae/contracts';
import { Icon } from '../display/icon.tsx';
import { segmentsOf } from './decision.ts';

export interface VerdictProps {
  command: string;
  decision: PolicyDecision;
}

const verdicts = {
  allowed: ['check', 'Allowed', 'bg-good-soft text-good'],
  approval: ['hand', 'Needs an approval', 'bg-wait-soft text-wait'],
  blocked: ['blocked', 'Blocked', 'bg-danger-soft text-danger'],
} as const;

/** What the policy says of a command, and about which part of it. */
export function Verdict({ command, decision }: VerdictProps) {
  const { allowed, requires_approval: approval, findings } = decision;
  const [icon, word, look] = verdicts[allowed ? 'allowed' : approval ? 'approval' : 'blocked'];
  return (
    <div role="status" className="space-y-2 text-xs">
      <p className="flex flex-wrap items-center gap-2">
        <span
          className={`inline-flex items-center gap-1 rounded px-1.5 py-0.5 font-semibold ${look}`}
        >
          <Icon name={icon} className="size-3.5" />
          {word}
        </span>
        <code className="text-muted wrap-anywhere">{decision.reason_code}</code>
      </p>
      <pre
        className="max-h-32 overflow-auto rounded-md bg-sunken p-2 text-[11px] leading-5 wrap-anywhere whitespace-pre-wrap"
        tabIndex={0}
      >
        {segmentsOf(command, findings).map(({ text, findings: about }, index) =>
          about.length === 0 ? (
            text
          ) : (
            <mark key={index} className="marked text-ink">
              {text}
              <sup className="ml-0.5 font-sans no-underline">{about.join(',')}</sup>
            </mark>
          ),
        )}
      </pre>
      <p className="text-pretty wrap-anywhere">{decision.reason}</p>
      {findings.length > 0 && (
        <ol className="list-inside list-decimal space-y-0.5 text-muted">
          {findings.map(({ rule_id, message }, index) => (
            <li key={index} className="text-pretty wrap-anywhere">
              {message} <code className="text-[11px]">{rule_id}</code>
            </li>
          ))}
        </ol>
      )}
      {decision.suggestion !== undefined && (
        <p className="text-pretty wrap-anywhere">
          <span className="font-medium">Instead:</span> {decision.suggestion}
        </p>
      )}
      <p className="text-muted">
        Policy <code className="text-[11px] wrap-anywhere">{decision.policy_version}</code>. The
        check is in the audit log.
      </p>
    </div>
  );
}
