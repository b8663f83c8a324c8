import type { RedactionFinding, UninspectedText } from '../finding.ts';
import { CLASS_BITS, inClass } from './char-class.ts';
import type { Candidate, Detector } from './detector.ts';
import { countPiecesBefore, InvisibleFilter, mayHoldInvisible } from './invisible-filter.ts';
import type { InvisiblePiece } from './invisible-filter.ts';
import { LearntLiterals } from './learnt-literals.ts';
import { LearntValueDetector, triggerOf } from './learnt-value-detector.ts';
import { LOOK_BEHIND, TextView } from './text-view.ts';
import type { TriggerAutomaton } from './trigger-automaton.ts';
import { TriggerScanner } from './trigger-scanner.ts';

/** Units before a trigger in which a masked span may begin: the longest prefix-less token with an inner mark. */
export const REACH = 80;

/** From this score on a span is settled: nothing inside it is looked at again. */
const SETTLED = 0.9;

/** Layers of base64 or hexadecimal that are undone: one in another and one more. */
const MOST_LAYERS = 3;

/** Values that one text may teach; later ones are masked in their own place only. */
const MOST_LEARNT = 64;
/** Learnt values that begin alike: each is compared where they begin. */
const MOST_ALIKE = 4;

/** Units of a text with control characters that are taken at once. */
const LARGE_CHUNK = 1 << 20;

/** Below this many held units a verdict is asked for with every chunk; above, with every sixteenth more. */
const ALWAYS_RETRY = 512;

interface Span {
  kind: string;
  rule: string;
  start: number;
  end: number;
  score: number;
  alreadyMasked: boolean;
  /** It reached the end of its window and was masked on: its whole value is never held at once. */
  unbounded: boolean;
  /** The mask has been written; the span only grows. */
  written: boolean;
}

export interface ScanRules {
  readonly automaton: TriggerAutomaton;
  /** The caller's own values and patterns; absent where there are none. */
  readonly ownAutomaton?: TriggerAutomaton;
  readonly threshold: number;
  /** Values that are never masked, unless the caller has registered them. */
  readonly allowed?: ReadonlySet<string>;
  /** The text that replaces a secret; the value is absent where it was too long to be held. */
  readonly mask: (kind: string, value?: string) => string;
}

/** What a scan tells besides its output. */
export interface ScanListener {
  readonly onFinding?: (finding: RedactionFinding) => void;
  /** Every candidate, also one whose score is too low. */
  readonly onCandidate?: (candidate: RedactionFinding) => void;
  readonly onUninspected?: (text: UninspectedText) => void;
}

/**
 * The engine: reads text in pieces, writes it with secrets masked. Whole texts take the same way, as one
 * piece that is also the last.
 *
 * Triggers are judged strictly in the order in which they end. A verdict depends on a bounded window of
 * the raw input and on earlier verdicts; one that lacks input stops the scan until there is more. So the
 * sequence of verdicts, and with it the output, is a function of the input alone.
 */
export class RedactionScan {
  private rules: ScanRules;
  private readonly listener: ScanListener;
  private readonly view = new TextView();

  /** The visible text; all indexes are in it. */
  private buffer = '';
  private readonly filter = new InvisibleFilter();
  /** What was taken out of the text that is still held, by place; the first `piecesWritten` have been dealt with. */
  private pieces: InvisiblePiece[] = [];
  private piecesWritten = 0;
  /** Units of the pieces that are no longer held. */
  private totalForgotten = 0;
  /** Offset in the visible text of the first unit of the buffer. */
  private base = 0;
  /** Index of the next unit the automaton reads. */
  private scanned = 0;
  /** Index of the first unit not yet written. */
  private written = 0;
  private scanner: TriggerScanner;
  private readonly learnt: LearntValueDetector[] = [];
  private readonly learntLiterals = new LearntLiterals();
  private readonly learntValues = new Set<string>();
  private lessons: { kind: string; value: string }[] = [];
  /** Which hit of the current state waits for more input; -1 when none does. */
  private waitingHit = -1;
  private retryAt = 0;
  /** Unwritten spans by start, and the last written one while it can still be seen from the right. */
  private spans: Span[] = [];
  private goesOn: ((code: number) => boolean) | undefined;

  /** @param depth how many layers of encoding are undone to look into them. */
  constructor(rules: ScanRules, listener: ScanListener, depth = MOST_LAYERS) {
    this.rules = rules;
    this.scanner = this.newScanner(0);
    this.listener = listener;
    if (depth > 0) {
      this.view.inspect = (text) => {
        const findings: RedactionFinding[] = [];
        const onFinding = (finding: RedactionFinding): number => findings.push(finding);
        new RedactionScan(this.rules, { onFinding }, depth - 1).push(text, true);
        return findings;
      };
    }
  }

  /** Takes other rules from here on: what has not been written is read again. */
  useRules(rules: ScanRules): void {
    if (rules === this.rules) return;
    this.rules = rules;
    if (this.goesOn !== undefined) {
      this.scanner = this.newScanner(this.scanned);
      return;
    }
    // What was settled stays. A trigger that is written already may have a value that is not: all that is still held is
    // read again, and a verdict on what is written is dropped where it is added.
    this.scanner = this.newScanner(this.scanned);
    this.scanned = Math.max(0, Math.min(this.written, this.scanned) - this.longestReach());
    this.scanner.reset(this.scanned);
    this.view.forgetDecoded();
    this.waitingHit = -1;
    this.retryAt = 0;
  }

  /** Adds input; returns the output that is now certain. */
  push(chunk: string, final: boolean): string {
    if (chunk.length <= LARGE_CHUNK) return this.take(chunk, final);
    if (!mayHoldInvisible(chunk)) return this.take(chunk, final, true);
    // What is taken out is kept until it is written: a piece at a time, so that this stays bounded.
    let output = '';
    let from = 0;
    for (; from + LARGE_CHUNK < chunk.length; from += LARGE_CHUNK)
      output += this.take(chunk.slice(from, from + LARGE_CHUNK), false);
    return output + this.take(chunk.slice(from), final);
  }

  private take(chunk: string, final: boolean, isClear = false): string {
    const visible = this.filter.take(chunk, final, this.buffer.length, this.pieces, isClear);
    if (visible !== '') this.buffer = this.buffer === '' ? visible : this.buffer + visible;
    if (!final && this.buffer.length < this.retryAt) return '';
    this.scan(final);
    const output = this.write(final ? this.buffer.length : this.wholeUntil(this.certainUntil()));
    if (!final) this.forget();
    return output;
  }

  private scan(final: boolean): void {
    const { view } = this;
    view.text = this.buffer;
    view.end = this.buffer.length;
    view.final = final;
    view.pieces = this.pieces;
    if (this.goesOn !== undefined && !this.swallow()) return;
    for (;;) {
      if (this.waitingHit < 0) {
        this.scanned = this.scanner.advance(this.buffer, this.scanned, this.buffer.length);
        if (!this.scanner.isHit) break;
        this.waitingHit = 0;
      }
      if (!this.judgeHits()) {
        const held = this.buffer.length - this.written;
        this.retryAt = held < ALWAYS_RETRY ? 0 : this.buffer.length + (held >> 4);
        return;
      }
      if (this.goesOn !== undefined && !this.swallow()) break;
    }
    this.retryAt = 0;
  }

  private newScanner(from: number): TriggerScanner {
    const { automaton, ownAutomaton } = this.rules;
    return new TriggerScanner(automaton, ownAutomaton, this.learntLiterals, from);
  }

  /** Takes the lessons of the verdicts just reached. They hold for what begins behind the last unit read. */
  private learn(): void {
    for (const { kind, value } of this.lessons) {
      if (this.learntValues.size >= MOST_LEARNT || this.learntValues.has(value)) continue;
      const trigger = triggerOf(value);
      let alike = 0;
      for (const one of this.learnt) if (one.beginsWith(trigger)) alike++;
      if (alike >= MOST_ALIKE) continue;
      this.learntValues.add(value);
      const detector = new LearntValueDetector(kind, value);
      this.learnt.push(detector);
      this.scanner.learn(detector, this.scanned);
    }
    this.lessons = [];
  }

  /** Judges what ends here; false when a verdict needs input that has not come yet. */
  private judgeHits(): boolean {
    const { automaton } = this.rules;
    const end = this.scanned;
    const hits = this.scanner.hits(this.buffer, end);
    for (let index = this.waitingHit; index < hits.length; index++) {
      const hit = hits[index];
      if (hit === undefined) break;
      const start = end - hit.literal.length;
      if (start < 0 || !automaton.isHit(hit, this.buffer, start)) continue;
      const candidate = this.judge(hit.detector, start, end);
      if (this.view.starved) {
        this.waitingHit = index;
        return false;
      }
      if (candidate === undefined) continue;
      this.settle(candidate);
      const { kind, rule, score } = candidate;
      for (const other of candidate.others ?? []) this.settle({ kind, rule, score, ...other });
      if (this.goesOn !== undefined) break;
    }
    this.waitingHit = -1;
    // Only now: a lesson changes what is reported.
    if (this.lessons.length > 0) this.learn();
    return true;
  }

  /** Reports a candidate, and masks it where it counts. */
  private settle(candidate: Candidate): void {
    this.report(candidate);
    if (candidate.score < this.rules.threshold || this.isAllowed(candidate)) return;
    this.add(candidate);
    if (candidate.isLearnt !== true) return;
    const { kind, start, end } = candidate;
    this.lessons.push({ kind, value: this.buffer.slice(start, end) });
  }

  private isAllowed({ start, end, score, goesOn }: Candidate): boolean {
    const { allowed } = this.rules;
    if (allowed === undefined || score >= 1 || goesOn !== undefined) return false;
    return allowed.has(this.buffer.slice(start, end));
  }

  private report({ kind, rule, start, end, score, isOpaque, alreadyMasked }: Candidate): void {
    const { onCandidate, onUninspected } = this.listener;
    if (isOpaque === true) {
      onUninspected?.({ format: kind, start: this.inputOffset(start, true) });
    } else if (onCandidate !== undefined && alreadyMasked !== true) {
      const place = { start: this.inputOffset(start, true), end: this.inputOffset(end, false) };
      onCandidate({ kind, rule, ...place, score });
    }
  }

  private judge(detector: Detector, start: number, end: number): Candidate | undefined {
    const { view } = this;
    view.starved = false;
    view.maskFrom = end;
    const last = this.lastSpanBefore(end);
    view.maskedStart = last?.start ?? 0;
    view.maskedEnd = last?.end ?? 0;
    // What lies in a settled span is masked already; what sticks out of it is still looked at.
    if (last !== undefined && start >= last.start && end <= last.end) {
      const { asksInside } = detector;
      if (last.alreadyMasked || asksInside === 'none') return undefined;
      if (last.score >= SETTLED && asksInside !== 'any') return undefined;
    }
    view.low = Math.max(0, start - LOOK_BEHIND);
    view.high = end + detector.window;
    return detector.detect(view, start, end);
  }

  private lastSpanBefore(end: number): Span | undefined {
    const { spans } = this;
    let at = spans.length - 1;
    while (at >= 0 && (spans[at] as Span).start >= end) at--;
    return at < 0 ? undefined : spans[at];
  }

  private add(candidate: Candidate): void {
    const span: Span = {
      kind: candidate.kind,
      rule: candidate.rule,
      start: Math.max(candidate.start, this.written),
      end: candidate.end,
      score: candidate.score,
      alreadyMasked: candidate.alreadyMasked ?? false,
      unbounded: candidate.goesOn !== undefined,
      written: false,
    };
    if (span.start >= span.end) return;
    let at = this.spans.length;
    for (; at > 0; at--) {
      const other = this.spans[at - 1] as Span;
      if (other.end <= span.start || other.written) break;
    }
    // Spans behind it are the other rows of a table, told in advance; what goes on without limit takes them in.
    let until = span.unbounded ? this.spans.length : at;
    while (until < this.spans.length && (this.spans[until] as Span).start < span.end) until++;
    const overlapped = this.spans.slice(at, until);
    const covered = overlapped.some((other) => other.start <= span.start && other.end >= span.end);
    if (span.alreadyMasked ? overlapped.length > 0 : covered && overlapped[0]?.alreadyMasked)
      return;
    // Overlapping spans become one; the most certain verdict names it, the earlier one where they tie.
    for (const other of overlapped) {
      span.start = Math.min(span.start, other.start);
      span.end = Math.max(span.end, other.end);
      span.unbounded ||= other.unbounded;
      if (other.score >= span.score && !other.alreadyMasked) {
        span.kind = other.kind;
        span.rule = other.rule;
        span.score = other.score;
      }
    }
    this.spans.splice(at, overlapped.length, span);
    this.goesOn = candidate.goesOn;
  }

  /** Lets the last span grow over what belongs to it; false when it may grow further with more input. */
  private swallow(): boolean {
    const span = this.spans.at(-1);
    const goesOn = this.goesOn;
    if (span === undefined || goesOn === undefined) return true;
    const text = this.buffer;
    let end = Math.max(span.end, span.written ? this.written : 0);
    while (end < text.length && goesOn(text.charCodeAt(end))) end++;
    span.end = end;
    this.scanned = Math.max(this.scanned, end);
    this.scanner.reset(this.scanned);
    this.waitingHit = -1;
    if (end >= text.length && !this.view.final) return false;
    this.goesOn = undefined;
    return true;
  }

  /** Index up to which no later verdict can mask anything. */
  private certainUntil(): number {
    if (this.goesOn !== undefined) return this.buffer.length;
    let limit = this.scanned;
    if (this.waitingHit >= 0) {
      const hits = this.scanner.hits(this.buffer, this.scanned);
      const [waiting, ...others] = hits.slice(this.waitingHit);
      if (waiting?.detector.masks === 'after' && others.length === 0) limit = this.view.maskFrom;
      for (const { literal, detector } of waiting === undefined ? [] : [waiting, ...others]) {
        if (detector.masks !== 'after') limit = Math.min(limit, this.scanned - literal.length);
      }
    }
    let certain = this.earliestMask(limit);
    // A token with its mark inside begins in the run before the mark: that run waits until it is clear what follows.
    const { buffer } = this;
    const inRun = certain >= buffer.length || inClass(buffer.charCodeAt(certain), CLASS_BITS.a);
    if (!inRun && !this.scanner.mayReachBackFrom(buffer, certain)) return certain;
    const floor = Math.max(this.written, certain - REACH);
    while (certain > floor && inClass(buffer.charCodeAt(certain - 1), CLASS_BITS.a)) certain--;
    return certain;
  }

  /** The same index, or the one before it where it would part the halves of a character. */
  private wholeUntil(index: number): number {
    const { buffer } = this;
    const isHalf = index > this.written && (buffer.charCodeAt(index - 1) & 0xfc00) === 0xd800;
    if (!isHalf || this.goesOn !== undefined) return index;
    const mayGoOn = index >= buffer.length || (buffer.charCodeAt(index) & 0xfc00) === 0xdc00;
    return mayGoOn ? index - 1 : index;
  }

  /** Where the first mask before `limit` may begin that is owed to a literal which ends in what was not scanned yet. */
  private earliestMask(limit: number): number {
    const { buffer } = this;
    const reader = this.scanner.fork();
    let earliest = limit;
    for (let index = this.scanned; ;) {
      const start = index - reader.heldUnits(buffer, index);
      if (start >= limit) return earliest;
      if (index >= buffer.length) return Math.min(earliest, start);
      index = reader.advance(buffer, index, index + 1);
      for (const { literal, detector } of reader.hits(buffer, index)) {
        earliest = Math.min(earliest, detector.masks === 'after' ? index : index - literal.length);
      }
    }
  }

  /** Writes the buffer up to an index, or to the beginning of a span that reaches beyond it. */
  private write(until: number): string {
    let output = '';
    let from = this.written;
    for (const span of this.spans) {
      if (span.written) {
        from = Math.max(from, span.end);
        continue;
      }
      if (span.end > until && this.goesOn === undefined) {
        until = Math.min(until, span.start);
        break;
      }
      if (span.start > until) break;
      if (span.alreadyMasked) {
        output += this.asItIs(from, span.end);
      } else {
        output += this.asItIs(from, span.start);
        output += span.unbounded
          ? this.rules.mask(span.kind)
          : this.rules.mask(span.kind, this.buffer.slice(span.start, span.end));
        this.listener.onFinding?.({
          kind: span.kind,
          rule: span.rule,
          start: this.inputOffset(span.start, true),
          end: this.inputOffset(span.end, false),
          score: span.score,
        });
      }
      span.written = true;
      from = span.end;
    }
    const isGrowing = this.goesOn !== undefined;
    this.dropPieces(isGrowing ? Math.max(from, until) : from);
    if (!isGrowing && until >= from) output += this.asItIs(from, until);
    this.written = Math.max(from, until);
    const lastWritten = this.spans.findLast((span) => span.written);
    this.spans = this.spans.filter((span) => !span.written || span === lastWritten);
    return output;
  }

  /** The input between two indexes, with what is invisible in it and at its end. */
  private asItIs(from: number, to: number): string {
    if (this.piecesWritten === this.pieces.length) return this.buffer.slice(from, to);
    this.dropPieces(from);
    let output = '';
    for (; this.piecesWritten < this.pieces.length; this.piecesWritten++) {
      const { at, text } = this.pieces[this.piecesWritten] as InvisiblePiece;
      if (at > to) break;
      output += this.buffer.slice(from, at) + text;
      from = at;
    }
    return output + this.buffer.slice(from, to);
  }

  /** Gives up the pieces inside masked text before an index. */
  private dropPieces(before: number): void {
    while ((this.pieces[this.piecesWritten]?.at ?? Infinity) < before) this.piecesWritten++;
  }

  /** The place in the input of an index; a span begins behind what is invisible there and ends before it. */
  private inputOffset(index: number, isStart: boolean): number {
    const { pieces } = this;
    const count = countPiecesBefore(pieces, isStart ? index + 1 : index);
    return this.base + index + (pieces[count - 1]?.total ?? this.totalForgotten);
  }

  /** Units before the next one that a verdict on it may read, or whose verdict may reach it. */
  private longestReach(): number {
    return LOOK_BEHIND + this.scanner.longestLiteral + REACH;
  }

  /** Drops what no detector can see any more. */
  private forget(): void {
    const keep = Math.min(this.written, this.scanned) - this.longestReach();
    if (keep <= 1024) return;
    this.buffer = this.buffer.slice(keep);
    this.view.shift(keep);
    this.scanner.shift(keep);
    this.base += keep;
    if (this.pieces.length > 0) {
      const forgotten = this.pieces.splice(
        0,
        Math.min(this.piecesWritten, countPiecesBefore(this.pieces, keep)),
      );
      this.totalForgotten = forgotten.at(-1)?.total ?? this.totalForgotten;
      this.piecesWritten -= forgotten.length;
      for (const piece of this.pieces) piece.at -= keep;
    }
    this.scanned -= keep;
    this.written -= keep;
    this.retryAt = Math.max(0, this.retryAt - keep);
    for (const span of this.spans) {
      span.start -= keep;
      span.end -= keep;
    }
  }
}
