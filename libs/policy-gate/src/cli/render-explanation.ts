import type { Explanation, ExplanationStep } from '../decision/explain.ts';
import type { PolicyDecision } from '../decision/policy-decision.ts';
import type { Verdict } from '../effects/effect.ts';
import { VisibleLine, visible } from './visible-text.ts';

/** Columns of a line of the checked text; longer ones are cut around what is underlined. */
const MAX_COLUMNS = 160;
const MAX_LINES = 40;

const COLOURS: Readonly<Record<Verdict, number>> = { allow: 32, approve: 33, deny: 31 };

/** Puts text into the colour of a verdict, or leaves it. */
export type Paint = (verdict: Verdict, text: string) => string;

export function painter(colour: boolean): Paint {
  return (verdict, text) =>
    colour ? `\u001b[${String(COLOURS[verdict])}m${text}\u001b[39m` : text;
}

/** The answer in one line, and what could be done instead. */
export function renderDecision(decision: PolicyDecision, paint: Paint): string {
  const verdict = decision.allowed ? 'allow' : decision.requires_approval ? 'approve' : 'deny';
  const word = { allow: 'allowed', approve: 'needs approval', deny: 'denied' }[verdict];
  const lines = [`${paint(verdict, word)}  ${visible(decision.reason)}`];
  if (decision.suggestion !== undefined) lines.push(`instead  ${visible(decision.suggestion)}`);
  return lines.join('\n');
}

/** The decision, the checked text with what was found underlined in it, and every step. */
export function renderExplanation(
  { decision, steps }: Explanation,
  source: string | undefined,
  paint: Paint,
): string {
  const blocks = [renderDecision(decision, paint)];
  const found = steps.filter(({ verdict, span }) => verdict !== 'allow' && span !== undefined);
  if (source !== undefined && found.length > 0) blocks.push(underline(source, found, paint));
  blocks.push(
    steps
      .map(({ subject, verdict, rule_id: id, text }) => {
        const answer = paint(verdict, verdict.padEnd(7));
        return `${subject.padEnd(6)}  ${answer}  ${id}: ${visible(text)}`;
      })
      .join('\n'),
  );
  blocks.push(`policy  ${decision.policy_version}, coverage ${decision.coverage.level}`);
  return blocks.join('\n\n');
}

function underline(source: string, found: readonly ExplanationStep[], paint: Paint): string {
  const output: string[] = [];
  const told = new Set<ExplanationStep>();
  let start = 0;
  for (const line of source.split('\n')) {
    const end = start + line.length;
    const here = found.filter(({ span }) => touches(span, start, end));
    if (here.length > 0) {
      if (output.length >= MAX_LINES) {
        output.push('  ...');
        break;
      }
      output.push(...markedLine(new VisibleLine(line, start), here, told, paint));
    }
    start = end + 1;
  }
  return output.join('\n');
}

function touches(span: ExplanationStep['span'], start: number, end: number): boolean {
  return span !== undefined && span.start <= end && (span.end > start || span.start === start);
}

/** The line, and below it each place that was found; what it is stands at its first line only. */
function markedLine(
  line: VisibleLine,
  here: readonly ExplanationStep[],
  told: Set<ExplanationStep>,
  paint: Paint,
): string[] {
  const places = new Map<string, { column: number; width: number; steps: ExplanationStep[] }>();
  for (const step of here) {
    const place = line.columnsOf(step.span?.start ?? 0, step.span?.end ?? 0);
    const key = `${String(place.column)}:${String(place.width)}`;
    const known = places.get(key) ?? { ...place, steps: [] };
    known.steps.push(step);
    places.set(key, known);
  }
  const first = Math.min(...[...places.values()].map(({ column }) => column));
  const from = line.text.length > MAX_COLUMNS ? Math.max(0, first - 20) : 0;
  const cut = line.text.slice(from, from + MAX_COLUMNS);
  const lead = from > 0 ? '...' : '';
  const tail = from + MAX_COLUMNS < line.text.length ? '...' : '';
  const output = [`  ${lead}${cut}${tail}`];
  for (const { column, width, steps } of places.values()) {
    const indent = ' '.repeat(2 + lead.length + column - from);
    const visibleWidth = Math.max(1, Math.min(width, MAX_COLUMNS - (column - from)));
    const verdict = steps.some((step) => step.verdict === 'deny') ? 'deny' : 'approve';
    output.push(indent + paint(verdict, '^'.repeat(visibleWidth)));
    for (const step of steps) {
      if (told.has(step)) continue;
      told.add(step);
      output.push(`${indent}${paint(step.verdict, step.rule_id)}: ${visible(step.text)}`);
    }
  }
  return output;
}
