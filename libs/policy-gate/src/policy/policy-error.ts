/** One thing that is wrong with a policy, and where. */
export interface PolicyIssue {
  /** Dotted path into the document, e.g. `rules.0.when.kind`; empty for the whole. */
  path: string;
  message: string;
  /** One-based; present when the policy was given as text. */
  line?: number;
  column?: number;
}

/** Thrown when a policy cannot be used. Nothing of it takes effect; fix what `issues` name. */
export class PolicyError extends Error {
  readonly code = 'invalid_policy';
  readonly issues: PolicyIssue[];

  constructor(issues: PolicyIssue[]) {
    const lines = issues.map(({ path, message, line, column }) => {
      const where = line === undefined ? '' : ` (line ${line}, column ${column ?? 1})`;
      return `${path === '' ? 'policy' : path}: ${message}${where}`;
    });
    super(`The policy is not valid. Correct it and load it again: ${lines.join('; ')}`);
    this.name = 'PolicyError';
    this.issues = issues;
  }
}
