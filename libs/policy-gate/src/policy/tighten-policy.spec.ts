import fc from 'fast-check';

import { PolicyGate } from '../decision/policy-gate.ts';
import { PolicyError } from './policy-error.ts';
import type { PolicyIssue } from './policy-error.ts';

const BASE = `
version: 3.1.0
actions:
  deploy: { enabled: true }
network:
  allowlist: ["*.example.com", "api.test"]
on_partial: approve
rules:
  - id: no-vcs-rewrite
    effect: deny
    when: { rule_id: git.history-rewrite }
    reason: history is shared
`;

function issuesOf(workspace: string): PolicyIssue[] {
  try {
    PolicyGate.load(BASE, { workspace });
  } catch (error) {
    if (error instanceof PolicyError) return error.issues;
    throw error;
  }
  return [];
}

describe('a workspace file', () => {
  it('tightens the base', () => {
    const gate = PolicyGate.load(BASE, {
      workspace: `
actions:
  call_tool: { enabled: false }
  write_files: { approval: true }
network:
  allowlist: ["*.eu.example.com"]
rules:
  - id: no-terraform
    effect: deny
    when: { command: "terraform *" }
    reason: infrastructure is not ours
    examples: { match: ["terraform plan"], pass: ["echo terraform"] }
`,
    });
    const code = (...given: Parameters<PolicyGate['checkAction']>): string =>
      gate.checkAction(...given).reason_code;
    expect(code('call_tool', { tool: 'search' })).toBe('action_disabled');
    expect(code('write_files', { paths: ['a'] })).toBe('approval_required');
    expect(code('network_access', { url: 'https://a.eu.example.com' })).toBe('allowed');
    expect(code('network_access', { url: 'https://a.example.com' })).toBe('network_not_allowed');
    expect(code('execute_code', { command: 'sudo terraform plan' })).toBe('rule_denied');
    // What it does not mention stays as it was.
    expect(code('deploy', { environment: 'staging' })).toBe('approval_required');
    expect(gate.version).toMatch(/^3\.1\.0\+/);
    expect(gate.version).not.toBe(PolicyGate.load(BASE).version);
  });

  it.each<[string, string, Partial<PolicyIssue>]>([
    [
      'an allow rule',
      'rules:\n  - id: a\n    effect: allow\n    reason: r\n    when: { kind: vcs }\n',
      { path: 'rules.0.effect', line: 3 },
    ],
    [
      'an action switched on',
      'actions: { create_billing: { enabled: true } }\n',
      { path: 'actions.create_billing.enabled', line: 1 },
    ],
    ['a dropped approval', 'actions: { deploy: { approval: false } }\n', { line: 1 }],
    ['a host outside', 'network: { allowlist: [example.com] }\n', { path: 'network.allowlist.0' }],
    ['a wider suffix', 'network: { allowlist: ["*.com"] }\n', { path: 'network.allowlist.0' }],
    [
      'every host below a single one',
      'network: { allowlist: ["*.api.test"] }\n',
      { path: 'network.allowlist.0' },
    ],
    ['no list', 'network: { allowlist: [] }\n', { path: 'network.allowlist' }],
    ['private addresses', 'network: { allow_private: true }\n', { path: 'network.allow_private' }],
    ['a milder answer', 'on_partial: allow\n', { path: 'on_partial', line: 1 }],
    ['a preset', 'preset: ci\n', { path: 'preset' }],
    [
      'the id of a rule of the base',
      'rules:\n  - { id: no-vcs-rewrite, effect: deny, reason: r, when: { kind: iac } }\n',
      { path: 'rules.0.id', line: 2 },
    ],
    [
      'an example that does not fire, by its own number',
      'rules:\n  - { id: x, effect: deny, reason: r, when: { kind: iac }, examples: { match: [ls] } }\n',
      { path: 'rules.0.examples.match.0', line: 2 },
    ],
  ])('is refused with %s', (_name, workspace, expected) => {
    expect(issuesOf(workspace)[0]).toMatchObject(expected);
  });

  it('may not widen the mode', () => {
    const load = (base: string, workspace: string): string =>
      PolicyGate.load(`mode: ${base}`, { workspace: `mode: ${workspace}` }).policy.mode;
    expect(load('full', 'plan')).toBe('plan');
    expect(load('edit', 'plan')).toBe('plan');
    expect(() => load('plan', 'edit')).toThrow('lets more through');
    expect(() => load('listed', 'full')).toThrow(PolicyError);
    expect(() => load('plan', 'listed')).toThrow(PolicyError);
  });
});

it('no workspace file turns a denial or an approval of the base into an allowance', () => {
  const commands = fc.constantFrom(
    'git reset --hard',
    'rm -rf /',
    'ls',
    'curl https://other.test',
    'terraform apply',
    'git filter-branch --all',
    '$X',
  );
  const workspaces = fc.record(
    {
      mode: fc.constantFrom('full', 'edit', 'plan', 'listed'),
      on_unresolved: fc.constantFrom('approve', 'deny'),
      on_partial: fc.constantFrom('approve', 'deny'),
      on_approval: fc.constantFrom('ask', 'deny'),
      rules: fc.constantFrom(
        [],
        [{ id: 'w', effect: 'approve', reason: 'r', when: { kind: 'vcs' } }],
      ),
    },
    { requiredKeys: ['mode'] },
  );
  const base = PolicyGate.load(BASE);
  fc.assert(
    fc.property(workspaces, commands, (workspace, command) => {
      const before = base.checkCodeExecution(command);
      const after = PolicyGate.load(BASE, {
        workspace: JSON.stringify(workspace),
      }).checkCodeExecution(command);
      if (!before.allowed) expect(after.allowed).toBe(false);
      if (!before.allowed && !before.requires_approval) {
        expect(after.requires_approval).toBe(false);
      }
    }),
  );
});
