import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PolicyGate } from '../decision/policy-gate.ts';
import { PolicyError } from './policy-error.ts';
import type { PolicyIssue } from './policy-error.ts';

function issuesOf(text: string): PolicyIssue[] {
  try {
    PolicyGate.load(text);
  } catch (error) {
    if (error instanceof PolicyError) return error.issues;
    throw error;
  }
  return [];
}

describe('PolicyGate.load', () => {
  it('reads YAML from a file and from text', () => {
    const directory = mkdtempSync(join(tmpdir(), 'policy-'));
    const file = join(directory, 'policy.yaml');
    const text =
      'version: 2.1.0\nactions:\n  deploy: { enabled: true }\nnetwork:\n  allowlist: ["*.example.com"]\n';
    writeFileSync(file, text);
    const loaded = PolicyGate.load(file);
    rmSync(directory, { recursive: true });
    expect(loaded.version).toMatch(/^2\.1\.0\+/);
    expect(loaded.policy).toEqual(PolicyGate.load(text).policy);
  });

  it.each<[string, string, Partial<PolicyIssue>]>([
    [
      'an unknown field',
      'version: 1.0.0\nnetwrok: {}\n',
      { path: 'netwrok', line: 2, message: 'is not a known field' },
    ],
    [
      'an unknown field of a rule',
      'rules:\n  - id: a\n    effect: deny\n    reason: r\n    when: { kindd: vcs }\n',
      { path: 'rules.0.when.kindd', line: 5 },
    ],
    ['an unknown action', 'actions:\n  fly: { enabled: true }\n', { line: 2 }],
    [
      'an unknown effect',
      'rules:\n  - id: a\n    effect: block\n    reason: r\n    when: { kind: vcs }\n',
      { path: 'rules.0.effect', line: 3, column: 13 },
    ],
    [
      'an unknown kind',
      'rules:\n  - { id: a, effect: deny, reason: r, when: { kind: gti } }\n',
      { path: 'rules.0.when.kind', line: 2 },
    ],
    [
      'a wrong type',
      'actions: { deploy: { enabled: "yes" } }\n',
      { path: 'actions.deploy.enabled', line: 1 },
    ],
    [
      'a bad host',
      'network:\n  allowlist:\n    - "*.com:443/x"\n',
      { path: 'network.allowlist.0', line: 3 },
    ],
    ['a bad version', 'version: "1"\n', { path: 'version' }],
    ['a duplicate key', 'version: 1.0.0\nversion: 1.0.1\n', { line: 2 }],
    ['no YAML', 'rules: [\n', {}],
    ['nothing', '\n', { message: 'is empty' }],
    ['an empty object', '{}', { message: 'is empty', line: 1 }],
    ['a list', '- a\n- b\n', { path: '' }],
  ])('names line and column of %s', (_name, text, expected) => {
    const [issue] = issuesOf(text);
    expect(issue).toMatchObject(expected);
    expect(issue?.line).toBeGreaterThan(0);
    expect(issue?.column).toBeGreaterThan(0);
  });

  it('refuses rules that mean nothing', () => {
    expect(issuesOf('rules:\n  - { id: a, effect: deny, reason: r, when: {} }\n')).toHaveLength(1);
    expect(
      issuesOf(
        'rules:\n  - { id: a, effect: allow, action: deploy, reason: r, when: { environment: x } }\n',
      ),
    ).toHaveLength(1);
    const twice = '  - { id: a, effect: deny, reason: r, when: { kind: vcs } }\n';
    expect(issuesOf(`rules:\n${twice}${twice}`)[0]).toMatchObject({ path: 'rules.1.id' });
  });

  it.each<[string, string, Partial<PolicyIssue>]>([
    [
      'a rule without conditions',
      'version: 1.0.0\nrules:\n  - id: a\n    effect: deny\n    reason: r\n    when: {}\n',
      { path: 'rules.0.when', line: 6 },
    ],
    [
      'a rule of the knowledge that does not exist',
      'rules:\n  - id: a\n    effect: deny\n    reason: r\n    when: { rule_id: git.rest-hard }\n',
      { path: 'rules.0.when.rule_id', line: 5 },
    ],
    [
      'an example that does not fire',
      'rules:\n  - id: a\n    effect: deny\n    reason: r\n    when: { kind: vcs }\n    examples:\n      match:\n        - git status\n',
      { path: 'rules.0.examples.match.0', line: 8, column: 11 },
    ],
    [
      'an id that is used twice',
      'rules:\n  - { id: a, effect: deny, reason: r, when: { kind: vcs } }\n  - { id: a, effect: deny, reason: r, when: { kind: vcs } }\n',
      { path: 'rules.1.id', line: 3 },
    ],
  ])('names line and column of %s, which only the meaning shows', (_name, text, expected) => {
    expect(issuesOf(text)[0]).toMatchObject(expected);
  });

  it('says so when the file is not there', () => {
    expect(() => PolicyGate.load('no-such-file.yaml')).toThrow(
      'cannot be read from no-such-file.yaml',
    );
    expect(issuesOf('no-such-file.yaml')).toHaveLength(1);
  });

  it('an alias bomb is refused', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let index = 1; index < 9; index += 1) {
      const before = String.fromCharCode(96 + index);
      const name = String.fromCharCode(97 + index);
      lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`);
    }
    expect(() => PolicyGate.load(`${lines.join('\n')}\n`)).toThrow(PolicyError);
  });
});
