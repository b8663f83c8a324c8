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

/** A place that looked like a secret, and what became of it. It never carries the value. */
export interface RedactionVerdict extends RedactionFinding {
  /** Line and column of the first unit, counted from 1. */
  line: number;
  column: number;
  /** Whether it is masked in the output, by this rule or by one that found more around it. */
  masked: boolean;
}

/** Where text begins that cannot be looked into: it is passed on as it is, and is not to be taken for clean. */
export interface UninspectedText {
  /** `zip`, `gzip`, `bzip2`, `xz`, `zstd`, `7z`, `pdf`, `executable`, `sqlite` or `encrypted`. */
  format: string;
  /** Offset in the input. */
  start: number;
}
