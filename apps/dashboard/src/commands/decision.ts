import type { Finding, PolicyDecision } from '@ae/contracts';
import * as z from 'zod/mini';

export const decisionSchema: z.ZodMiniType<PolicyDecision> = z.object({
  allowed: z.boolean(),
  reason: z.string(),
  requires_approval: z.boolean(),
  reason_code: z.string(),
  decision_id: z.string(),
  policy_version: z.string(),
  findings: z.array(
    z.object({
      rule_id: z.string(),
      message: z.string(),
      span: z.optional(z.object({ start: z.number(), end: z.number() })),
      effect: z.optional(z.string()),
    }),
  ),
  suggestion: z.optional(z.string()),
  approval_id: z.optional(z.string()),
});

export interface Segment {
  text: string;
  /** Numbers (from 1) of the findings that are about this piece. */
  findings: readonly number[];
}

/** `text` cut where the spans of findings begin and end; together the pieces are `text`. */
export function segmentsOf(text: string, findings: readonly Finding[]): Segment[] {
  const spans = findings.flatMap(({ span }, index) => {
    const start = Math.max(0, span?.start ?? 0);
    const end = Math.min(text.length, span?.end ?? 0);
    return start < end ? [{ start, end, number: index + 1 }] : [];
  });
  const cuts = new Set([0, text.length, ...spans.flatMap(({ start, end }) => [start, end])]);
  const places = [...cuts].sort((left, right) => left - right);
  return places.slice(0, -1).map((start, index) => {
    const end = places[index + 1] ?? text.length;
    const about = spans.filter((span) => span.start <= start && end <= span.end);
    return { text: text.slice(start, end), findings: about.map(({ number }) => number) };
  });
}
