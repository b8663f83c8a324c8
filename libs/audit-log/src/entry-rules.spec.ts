import fc from 'fast-check';
import { entry } from './audit-stores.fixture.spec.ts';
import { MAX_CONTEXT_BYTES, checkEntry } from './entry-rules.ts';
import { AuditError } from './index.ts';
import type { AuditEntry } from './index.ts';

const change = (changes: object) => ({ ...entry('acme'), ...changes });

describe('checkEntry', () => {
  it('takes the largest entry', () => {
    const text = 'x'.repeat(256);
    const largest = change({
      tenant_id: text,
      principal: { user_id: text, email: 'x'.repeat(320) },
      agent: { name: text, tier: text, chain: Array(32).fill(text) },
      tool: text,
      cost: Number.MAX_VALUE,
      context: 'x'.repeat(MAX_CONTEXT_BYTES - 2),
    });
    expect(checkEntry(largest).fields.tenant_id).toBe(text);
  });

  it('counts an undefined field as left out', () => {
    expect(checkEntry(change({ tool: undefined, agent: undefined })).fields).not.toHaveProperty(
      'agent',
    );
  });

  it.each<[string, object]>([
    ['kind', { kind: 'guess' }],
    ['tenant_id', { tenant_id: undefined }],
    ['tenant_id', { tenant_id: '' }],
    ['tenant_id', { tenant_id: '}x' }],
    ['tenant_id', { tenant_id: 'a\u0000b' }],
    ['tenant_id', { tenant_id: 'x'.repeat(257) }],
    ['principal', { principal: undefined }],
    ['principal', { principal: {} }],
    ['principal', { principal: { user_id: 'ada', password: 'x' } }],
    ['principal', { principal: ['ada'] }],
    ['agent', { agent: { chain: 'orchestrator' } }],
    ['agent', { agent: { chain: Array(33).fill('a') } }],
    ['agent', { agent: { chain: [1] } }],
    ['agent', { agent: { chain: Array(2) } }],
    ['action', { action: '\ud800' }],
    ['run_id', { run_id: 'a\nb' }],
    ['decision_id', { decision_id: undefined }],
    ['decision', { decision: 'maybe' }],
    ['arguments_digest', { arguments_digest: 'AB'.repeat(32) }],
    ['arguments_digest', { arguments_digest: 'ab' }],
    ['cost', { cost: -0.01 }],
    ['cost', { cost: Number.NaN }],
    ['cost', { cost: Infinity }],
    ['cost', { cost: '1' }],
    ['context', { context: { now: new Date(0) } }],
    ['context', { context: 'x'.repeat(MAX_CONTEXT_BYTES - 1) }],
    ['context', { context: '\u20ac'.repeat(MAX_CONTEXT_BYTES / 2) }],
    ['"surprise"', { surprise: 1 }],
    ['"__proto__"', JSON.parse('{"__proto__":{"x":1}}') as object],
    ['"hash"', { hash: '0'.repeat(64) }],
    ['"context_digest"', { context_digest: '0'.repeat(64) }],
    ['"toString"', { toString: 1 }],
  ])('refuses a bad %s', (name, changes) => {
    const bad = Object.defineProperties(entry('acme'), Object.getOwnPropertyDescriptors(changes));
    expect(() => checkEntry(bad)).toThrow(
      expect.objectContaining({
        name: 'AuditError',
        code: 'invalid_entry',
        message: expect.stringContaining(name) as unknown,
      }) as Error,
    );
  });

  it('throws nothing but invalid_entry, whatever it is given, and repeats no value', () => {
    const secret = ['not', 'for', 'logs'].join('-');
    const value = fc.oneof(fc.anything(), fc.constant(secret));
    const candidate = fc.oneof(
      value,
      fc.dictionary(fc.constantFrom(...Object.keys(entry('t')), 'x'), value).map(change),
    );
    fc.assert(
      fc.property(candidate, (bad) => {
        try {
          checkEntry(bad as AuditEntry);
        } catch (error) {
          expect(error).toBeInstanceOf(AuditError);
          expect((error as AuditError).code).toBe('invalid_entry');
          expect((error as AuditError).message).not.toContain(secret);
        }
      }),
      { numRuns: 500 },
    );
  });
});
