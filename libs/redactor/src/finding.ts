/** Where a secret was found. It never carries the value. */
export interface RedactionFinding {
  /** What kind of secret: the word in its mask, for example `github_token`. */
  kind: string;
  /** Which rule found it. */
  rule: string;
  /** Offset of the first masked UTF-16 unit in the input. */
  start: number;
  /** Offset after the last masked UTF-16 unit in the input. */
  end: number;
  /** Confidence, 0 to 1. */
  score: number;
}
