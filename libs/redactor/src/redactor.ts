import { fingerprint } from './fingerprint.ts';
import { AssignedValueDetector } from './detectors/assigned-value-detector.ts';
import {
  AccountListDetector,
  DataSourceDetector,
  RelayAccountDetector,
} from './detectors/account-detectors.ts';
import { CallDetector } from './detectors/call-detector.ts';
import { commandLineDetectors } from './detectors/command-line-detector.ts';
import { COMPANION_KINDS, companionDetectors } from './detectors/companion-detector.ts';
import { KubernetesSecretDetector } from './detectors/kubernetes-secret-detector.ts';
import { LoginPairDetector } from './detectors/login-pair-detector.ts';
import { EncodedCommandDetector } from './detectors/encoded-command-detector.ts';
import { KeyNumbersDetector, XmlKeyDetector } from './detectors/key-numbers-detector.ts';
import { PrintedSecretDetector } from './detectors/printed-secret-detector.ts';
import { RejectedValueDetector, ReversedPairDetector } from './detectors/reversed-pair-detector.ts';
import { keyValueDetectors } from './detectors/key-value-detector.ts';
import { KEY_WORDS } from './detectors/key-names.ts';
import { maskOf, MaskDetector } from './detectors/mask-detector.ts';
import type { Kinds } from './detectors/mask-detector.ts';
import { OpaqueFormatDetector } from './detectors/opaque-format-detector.ts';
import { PatternDetector } from './detectors/pattern-detector.ts';
import {
  HeadlessKeyDetector,
  PrivateKeyDetector,
  PuttyKeyDetector,
} from './detectors/private-key-detector.ts';
import { RegisteredDetector } from './detectors/registered-detector.ts';
import { tokenDetectors } from './detectors/token-detector.ts';
import {
  EncodedUrlCredentialsDetector,
  UrlCredentialsDetector,
} from './detectors/url-credentials-detector.ts';
import { decodedTextDetectors } from './detectors/decoded-text-detector.ts';
import type { Detector } from './engine/detector.ts';
import { RedactionScan } from './engine/redaction-scan.ts';
import type { ScanRules } from './engine/redaction-scan.ts';
import { openRedactionStream } from './engine/redaction-stream.ts';
import type { RedactionStream } from './engine/redaction-stream.ts';
import { TriggerAutomaton } from './engine/trigger-automaton.ts';
import type { RedactionFinding, RedactionVerdict, UninspectedText } from './finding.ts';
import { redactObject } from './object/redact-object.ts';
import { RedactorError } from './redactor-error.ts';
import { TOKEN_RULES } from './rules/token-rules.ts';

/** Settings of a {@link Redactor}. */
export interface RedactorOptions {
  /**
   * Adds a keyed fingerprint to each mask, `[REDACTED:<kind>:<12 hex digits>]`, by which equal secrets can be told to
   * be equal. HMAC-SHA-256, truncated to 48 bits; keep the key as secret as the secrets.
   */
  fingerprintKey?: string;
  /** `strict` masks more doubtful values: for what leaves the house. `normal` (default) is for terminals and logs. */
  mode?: 'strict' | 'normal';
  /**
   * Values that stay although they look like secrets: test accounts, published keys. Exact values only; what is
   * registered is masked all the same. Nothing in the text itself, such as a comment, can allow anything.
   */
  allow?: readonly string[];
}

/** Settings of {@link Redactor.registerSecret}. */
export interface RegisterSecretOptions {
  /** The word in the mask: lower-case letters, digits and underscores, at most 40; `registered` when absent. */
  kind?: string;
}

const THRESHOLDS = { strict: 0.35, normal: 0.5 } as const;
const SHORTEST_SECRET = 6;
const LONGEST_SECRET = 16_384;
const KIND = /^[a-z][a-z0-9_]{0,39}$/;

/** Of URLs that carry credentials: `://` alone is too short to be told in base64. */
const SCHEMES =
  'http:// https:// postgres:// postgresql:// mysql:// mongodb:// mongodb+srv:// redis:// rediss:// amqp:// amqps://'.split(
    ' ',
  );
const PLAIN_DETECTORS: readonly Detector[] = [
  new PrivateKeyDetector(),
  new HeadlessKeyDetector(),
  new UrlCredentialsDetector(),
  new EncodedUrlCredentialsDetector(),
  new PuttyKeyDetector(),
  ...TOKEN_RULES.flatMap(tokenDetectors),
  ...keyValueDetectors(),
];
const BUILT_IN_DETECTORS: readonly Detector[] = [
  ...PLAIN_DETECTORS,
  ...companionDetectors(),
  ...commandLineDetectors(),
  new CallDetector(),
  new LoginPairDetector(),
  new AccountListDetector(),
  new DataSourceDetector(),
  new RelayAccountDetector(),
  new KubernetesSecretDetector(),
  new ReversedPairDetector(),
  new RejectedValueDetector(),
  new PrintedSecretDetector(),
  new KeyNumbersDetector(),
  new XmlKeyDetector(),
  new EncodedCommandDetector(),
  new OpaqueFormatDetector(),
  ...decodedTextDetectors(literalsOf(PLAIN_DETECTORS)),
];

const BUILT_IN_KINDS: ReadonlySet<string> = new Set([
  ...TOKEN_RULES.map(({ kind }) => kind),
  ...KEY_WORDS.map(({ kind }) => kind),
  ...COMPANION_KINDS,
  'private_key',
  'url_credentials',
  'kubernetes_secret',
  'aws_secret_key',
  'env_var',
  'too_large',
  'unreadable',
  'binary',
]);

/** Built once for all redactors, when the first text comes. */
let builtInAutomaton: TriggerAutomaton | undefined;

/**
 * Removes secrets from text, streams and objects. Each secret becomes `[REDACTED:<kind>]`; everything else stays as it
 * is. Redacting twice gives the same as redacting once.
 */
export class Redactor {
  private readonly threshold: number;
  private readonly fingerprintKey: string | undefined;
  private readonly allowed: ReadonlySet<string>;
  private readonly registered = new Map<string, Detector>();
  private readonly patterns = new Map<string, Detector>();
  private readonly ownKinds = new Set<string>();
  private readonly kinds: Kinds = {
    has: (kind) => BUILT_IN_KINDS.has(kind) || this.ownKinds.has(kind),
  };
  private current: ScanRules | undefined;
  private environment: { signature: string; base: ScanRules; rules: ScanRules } | undefined;

  constructor(options: RedactorOptions = {}) {
    checkOptions(options);
    this.threshold = THRESHOLDS[options.mode ?? 'normal'];
    this.fingerprintKey = options.fingerprintKey;
    this.allowed = new Set(options.allow);
  }

  /** The text with secrets masked. Never throws; takes time linear in the length of the text. */
  redact(text: string): string {
    return new RedactionScan(this.rules(), {}).push(text, true);
  }

  /** As {@link redact}, with what was found: kind, rule, offsets and score, never the value. */
  redactWithFindings(text: string): {
    text: string;
    findings: RedactionFinding[];
    uninspected: UninspectedText[];
  } {
    const findings: RedactionFinding[] = [];
    const uninspected: UninspectedText[] = [];
    const scan = new RedactionScan(this.rules(), {
      onFinding: (finding) => findings.push(finding),
      onUninspected: (place) => uninspected.push(place),
    });
    return { text: scan.push(text, true), findings, uninspected };
  }

  /** Why text is masked or not: every place that looked like a secret, with its rule, score and what became of it. */
  explain(text: string): RedactionVerdict[] {
    const candidates: RedactionFinding[] = [];
    const findings: RedactionFinding[] = [];
    new RedactionScan(this.rules(), {
      onFinding: (finding) => findings.push(finding),
      onCandidate: (candidate) => candidates.push(candidate),
    }).push(text, true);
    return candidates.map((candidate) => {
      const before = text.slice(0, candidate.start);
      return {
        ...candidate,
        line: before.split('\n').length,
        column: candidate.start - before.lastIndexOf('\n'),
        masked: findings.some(({ start, end }) => start <= candidate.start && end >= candidate.end),
      };
    });
  }

  /**
   * A redacted copy of a value, keys and strings alike; a string under a key such as `password` is judged by that key.
   * Depth, number of values and amount of text are bounded: what lies beyond, and what throws when it is read, is
   * masked. Functions are replaced by empty ones. Never throws.
   */
  redactObject<T>(value: T): T {
    return redactObject(value, {
      redactText: (text) => this.redact(text),
      redactUnderNames: (names, text) => this.redactUnderNames(names, text),
    }) as T;
  }

  /**
   * As {@link redact}; besides, the values of the named variables are masked wherever they stand (from 6 units on) and
   * where they are assigned (`NAME=value`, of any length).
   *
   * @param env where the values are looked up; the environment of the process when absent.
   */
  redactEnvVars(
    text: string,
    names: readonly string[],
    env: Record<string, string | undefined> = processEnv(),
  ): string {
    const pairs: [string, string][] = [];
    for (const name of names) {
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (name !== '' && value !== undefined && value !== '') pairs.push([name, value]);
    }
    const rules = pairs.length === 0 ? this.rules() : this.environmentRules(pairs);
    return new RedactionScan(rules, {}).push(text, true);
  }

  /**
   * Masks a value from now on wherever it stands, also in base64 (at each of the three alignments, folded or not,
   * twice), base64url, hexadecimal, percent-encoded, quoted-printable, UTF-16, and escaped for JSON, XML or a shell. Of
   * a value with several lines each one that is no text is masked by itself too.
   *
   * @throws RedactorError `secret_too_short` (under 6 UTF-16 units), `secret_too_long` (over 16384), `invalid_kind`.
   */
  registerSecret(value: string, options: RegisterSecretOptions = {}): void {
    const kind = options.kind ?? 'registered';
    this.checkKind(kind);
    checkString(value, 'A registered secret');
    if (value.length < SHORTEST_SECRET) {
      throw new RedactorError(
        'secret_too_short',
        `A registered secret needs at least ${SHORTEST_SECRET} characters: masking a shorter one would mangle ordinary text.`,
      );
    }
    if (value.length > LONGEST_SECRET) {
      throw new RedactorError(
        'secret_too_long',
        `A registered secret may have at most ${LONGEST_SECRET} characters: register the sensitive part of it.`,
      );
    }
    if (this.registered.has(value)) return;
    this.registered.set(value, new RegisteredDetector(kind, value));
    // A secret read from a file ends in a line break that its uses do not have.
    const trimmed = value.trim();
    if (trimmed.length >= SHORTEST_SECRET && !this.registered.has(trimmed))
      this.registered.set(trimmed, new RegisteredDetector(kind, trimmed));
    this.ownKinds.add(kind);
    this.current = undefined;
  }

  /**
   * Masks what a pattern of your own matches, as `[REDACTED:<name>]`. The pattern is a regular expression without
   * look-around, back references and anchors, and each of its alternatives begins with at least two literal
   * characters. It becomes a table of states that is run over at most 512 characters and 16 beginnings of the pattern, so
   * that no input can make it slow; one whose table would be too large is refused.
   *
   * @throws RedactorError `invalid_kind`, `invalid_pattern`, `unsupported_pattern`, `pattern_without_literal`.
   */
  addPattern(name: string, source: string): void {
    this.checkKind(name);
    checkString(source, 'The source of a pattern');
    this.patterns.set(name, new PatternDetector(name, source, this.kinds));
    this.ownKinds.add(name);
    this.current = undefined;
  }

  /** A stream for pieces of text: see {@link RedactionStream}. */
  createStream(): RedactionStream {
    return openRedactionStream(() => this.rules());
  }

  /** The same as a web stream. For streams of bytes put a TextDecoderStream before it. */
  createRedactStream(): TransformStream<string, string> {
    const stream = this.createStream();
    const pass = (text: string, controller: TransformStreamDefaultController<string>): void => {
      if (text !== '') controller.enqueue(text);
    };
    return new TransformStream<string, string>({
      transform: (chunk, controller) => {
        checkString(
          chunk,
          'A chunk of a text stream (put a TextDecoderStream before it for bytes)',
        );
        pass(stream.write(chunk), controller);
      },
      flush: (controller) => pass(stream.end(), controller),
    });
  }

  /** A text under names of which each may be that of a secret; the first that is one names the mask. */
  private redactUnderNames(names: readonly string[], text: string): string {
    const value = text.replace(/["\\\r\n]/g, "'");
    let parts: RedactionFinding[] = [];
    for (const name of text.length < 3 ? [] : names) {
      // Judged as it would be in JSON; the mask of the whole value is taken, the notation around it is not.
      const opening = `"${name}": "`;
      const end = opening.length + text.length;
      const { findings } = this.redactWithFindings(`${opening}${value}"`);
      const whole = findings.find((found) => found.start <= opening.length && found.end >= end);
      if (whole !== undefined) return this.mask(whole.kind, text);
      if (parts.length > 0) continue;
      parts = findings
        .filter((found) => found.start >= opening.length && found.end <= end)
        .map((found) => ({
          ...found,
          start: found.start - opening.length,
          end: found.end - opening.length,
        }));
    }
    const redacted = this.redact(text);
    // `Bearer abc123` is one behind the name of its header only.
    return redacted === text ? this.maskParts(text, parts) : redacted;
  }

  private maskParts(text: string, parts: readonly RedactionFinding[]): string {
    return parts.reduceRight(
      (masked, { kind, start, end }) =>
        masked.slice(0, start) + this.mask(kind, text.slice(start, end)) + masked.slice(end),
      text,
    );
  }

  private checkKind(kind: unknown): void {
    if (typeof kind === 'string' && KIND.test(kind)) return;
    throw new RedactorError(
      'invalid_kind',
      `The kind ${JSON.stringify(String(kind).slice(0, 60))} does not fit in a mask: use up to 40 lower-case letters, digits and underscores, beginning with a letter.`,
    );
  }

  private readonly mask = (kind: string, value?: string): string =>
    this.fingerprintKey === undefined || value === undefined
      ? maskOf(kind)
      : maskOf(kind, fingerprint(this.fingerprintKey, value));

  private rules(): ScanRules {
    this.current ??= this.rulesWith([]);
    return this.current;
  }

  /** The last ones are kept for the next text with the same variables. */
  private environmentRules(pairs: readonly [string, string][]): ScanRules {
    const signature = JSON.stringify(pairs);
    const base = this.rules();
    if (this.environment?.signature !== signature || this.environment.base !== base) {
      const detectors = pairs.flatMap(([name, value]): Detector[] => {
        const assigned = new AssignedValueDetector(name, value);
        const isRegistrable = value.length >= SHORTEST_SECRET && value.length <= LONGEST_SECRET;
        return isRegistrable ? [assigned, new RegisteredDetector('env_var', value)] : [assigned];
      });
      this.environment = { signature, base, rules: this.rulesWith(detectors) };
    }
    return this.environment.rules;
  }

  private rulesWith(more: readonly Detector[]): ScanRules {
    builtInAutomaton ??= new TriggerAutomaton([
      new MaskDetector(BUILT_IN_KINDS),
      ...BUILT_IN_DETECTORS,
    ]);
    const own = [...this.registered.values(), ...this.patterns.values(), ...more];
    return {
      automaton: builtInAutomaton,
      ...(own.length > 0 && {
        ownAutomaton: new TriggerAutomaton([new MaskDetector(this.ownKinds), ...own]),
      }),
      ...(this.allowed.size > 0 && { allowed: this.allowed }),
      threshold: this.threshold,
      mask: this.mask,
    };
  }
}

/** The beginnings of secrets, in the cases in which they are written. */
function literalsOf(detectors: readonly Detector[]): string[] {
  const literals = new Set<string>(SCHEMES);
  for (const { literal, caseSensitive } of detectors.flatMap(({ triggers }) => triggers)) {
    if (/[^\x20-\x7e]/.test(literal)) continue;
    if (caseSensitive) literals.add(literal);
    else if (literal.length >= 5) {
      literals.add(literal).add(literal.toUpperCase());
      literals.add(literal.charAt(0).toUpperCase() + literal.slice(1));
    }
  }
  return [...literals];
}

/** The environment where there is a process; nothing in a browser. */
function processEnv(): Record<string, string | undefined> {
  return (
    (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {}
  );
}

function checkString(value: unknown, what: string): void {
  if (typeof value === 'string') return;
  throw new RedactorError('invalid_argument', `${what} must be a string, not ${typeof value}.`);
}

function checkOptions({ mode, allow, fingerprintKey }: RedactorOptions): void {
  if (mode !== undefined && !Object.hasOwn(THRESHOLDS, mode))
    throw new RedactorError('invalid_argument', `The mode must be 'normal' or 'strict'.`);
  if (
    allow !== undefined &&
    !(Array.isArray(allow) && allow.every((value) => typeof value === 'string'))
  )
    throw new RedactorError('invalid_argument', 'allow must be an array of strings.');
  if (fingerprintKey !== undefined && (typeof fingerprintKey !== 'string' || fingerprintKey === ''))
    throw new RedactorError(
      'invalid_argument',
      'fingerprintKey must be a string that is not empty.',
    );
}
