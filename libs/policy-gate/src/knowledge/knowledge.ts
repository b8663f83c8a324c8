import type { EffectKind, Verdict } from '../effects/effect.ts';

/**
 * What is known about one use of one tool. Written for a reader who knows the tool: `match` and
 * `pass` are real command lines, and a test runs every one of them through the whole gate.
 */
export interface KnowledgeEntry {
  /** Stable, `<tool>.<what>`. */
  id: string;
  /** Names of the command, separated by spaces. */
  command: string;
  /**
   * The words that must come first after the options, e.g. `push` or `ec2 terminate-instances`.
   * `a|b` is either, `*` any one word, `a*` a prefix.
   */
  subcommand?: string;
  /** Every one of these must be there; `-f|--force` is either. */
  flags?: readonly string[];
  /** None of these flags and words may be there. */
  unless?: readonly string[];
  /** One of these must stand among the words after the subcommand; `*` inside is a wildcard. */
  operands?: readonly string[];
  /** Options that must have these values: `--acl=public*`; `--acl=a|--grant=b` is either. */
  options?: readonly string[];
  /** Variables of the environment that must have these values: `RAILS_ENV=prod*`. */
  environment?: readonly string[];
  kind: EffectKind;
  operation: string;
  verdict: Exclude<Verdict, 'allow'>;
  irreversible?: boolean;
  /** Completes the sentence "This action ...". */
  message: string;
  suggestion?: string;
  match: readonly string[];
  pass: readonly string[];
}

export interface Family {
  name: string;
  /** Options that take the next word as their value, by command. */
  values: Readonly<Record<string, string>>;
  entries: readonly KnowledgeEntry[];
}
