/** A token with a shape of its own, as data. */
export interface TokenRule {
  /** Stable name of the rule. */
  readonly rule: string;
  /** The word in the mask. */
  readonly kind: string;
  /** Where the format is published. */
  readonly source: string;
  /** See rules/shape.ts. */
  readonly shapes: readonly string[];
  /** Confidence, 0 to 1; 0.95 when absent. */
  readonly score?: number;
  /** The first characters are so particular that the token is taken even in the middle of a word. */
  readonly joined?: true;
  /** A further condition on the masked text, by name (rules/token-check.ts). */
  readonly check?: TokenCheckName;
  /** Texts with `<class:count>` runs to be filled at random, that must be masked (besides the shapes themselves). */
  readonly secrets?: readonly string[];
  /** Texts of the same form that must stay. */
  readonly clean: readonly string[];
}

export type TokenCheckName = 'digit' | 'mixed' | 'cased' | 'jwt' | 'basic' | 'armour';
