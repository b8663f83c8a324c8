import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { entry } from './audit-stores.fixture.spec.ts';
import { checkEntry } from './entry-rules.ts';
import { EMPTY_CHAIN, sealEntry } from './hash-chain.ts';
import type { ChainHead } from './hash-chain.ts';
import { GENESIS_HASH, hashRecord, verifyRecords } from './index.ts';
import type { AuditRecord } from './index.ts';

/** A chain as an export would hold it. */
function chainOf(length: number): AuditRecord[] {
  let head: ChainHead = EMPTY_CHAIN;
  return Array.from({ length }, (_, i) => {
    const checked = checkEntry(entry('acme', { decision_id: `dec_${i}` }));
    const { record } = sealEntry(checked, head, new Date(1_750_000_000_000 + i));
    head = record;
    return record;
  });
}

describe('hashRecord', () => {
  it('is the SHA-256 of a text that anyone can build', () => {
    const digest = createHash('sha256').update('{"a":1}').digest('hex');
    const text =
      `{"action":"deploy","context_digest":"${digest}","decision_id":"dec_1","kind":"decision",` +
      `"previous_hash":"${GENESIS_HASH}","principal":{"user_id":"ada"},"sequence":1,` +
      `"tenant_id":"acme","timestamp":"2026-01-02T03:04:05.678Z"}`;
    expect(
      hashRecord({
        kind: 'decision',
        tenant_id: 'acme',
        principal: { user_id: 'ada' },
        action: 'deploy',
        decision_id: 'dec_1',
        context: { a: 1 },
        sequence: 1,
        timestamp: '2026-01-02T03:04:05.678Z',
        previous_hash: GENESIS_HASH,
      }),
    ).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('is the same with the context and with its digest alone', () => {
    const [record] = chainOf(1);
    const { context, ...bare } = record!;
    expect(context).toBeDefined();
    expect(hashRecord(bare)).toBe(record!.hash);
    expect(hashRecord(record!)).toBe(record!.hash);
  });
});

describe('verifyRecords', () => {
  it('accepts a chain, also after a journey as JSON', () => {
    const records = chainOf(5);
    const answer = { valid: true, records: 5, head: records[4]!.hash };
    expect(verifyRecords(records)).toEqual(answer);
    expect(verifyRecords(JSON.parse(JSON.stringify(records)) as AuditRecord[])).toEqual(answer);
    expect(verifyRecords([])).toEqual({ valid: true, records: 0, head: GENESIS_HASH });
  });

  it.each<[string, (records: AuditRecord[]) => unknown, object]>([
    ['gap', (records) => records.splice(2, 1), { sequence: 3, reason: 'gap' }],
    ['reordered', (records) => records.reverse(), { sequence: 1, reason: 'reordered' }],
    ['twice', (records) => records.splice(1, 0, records[0]!), { sequence: 2, reason: 'reordered' }],
    ['hash', (records) => (records[3]!.cost = 1), { sequence: 4, reason: 'hash_mismatch' }],
    [
      'resealed',
      (records) => {
        records[1]!.action = 'deploy';
        records[1]!.hash = hashRecord(records[1]!);
      },
      { sequence: 3, reason: 'broken_link' },
    ],
    [
      'another tenant',
      (records) => {
        records[1]!.tenant_id = 'other';
        records[1]!.hash = hashRecord(records[1]!);
      },
      { sequence: 2, reason: 'wrong_tenant' },
    ],
    [
      'no record',
      (records) => ((records as unknown[])[1] = null),
      { sequence: 2, reason: 'malformed' },
    ],
  ])('finds: %s', (_case, tamper, fault) => {
    const records = structuredClone(chainOf(5));
    tamper(records);
    expect(verifyRecords(records)).toEqual({ valid: false, ...fault });
  });

  it('finds a truncation by a head noted before', () => {
    const records = chainOf(5);
    const { sequence, hash } = records[4]!;
    expect(verifyRecords(records.slice(0, 4))).toMatchObject({ valid: true });
    expect(verifyRecords(records.slice(0, 4), { sequence, hash })).toEqual({
      valid: false,
      sequence: 5,
      reason: 'truncated',
    });
    expect(verifyRecords(records, { sequence, hash })).toMatchObject({ valid: true });
    expect(verifyRecords(records, records[2])).toMatchObject({ valid: true, records: 5 });
    expect(verifyRecords(records, EMPTY_CHAIN)).toMatchObject({ valid: true, records: 5 });
    expect(verifyRecords(records, { sequence: 3, hash })).toEqual({
      valid: false,
      sequence: 3,
      reason: 'head_mismatch',
    });
  });

  it('finds any change of a value, removal before the end, and change of order', () => {
    const good = chainOf(6);
    const index = fc.nat(good.length - 1);
    const changed = fc.tuple(index, fc.nat(), fc.string()).filter(([at, , text]) => {
      return !Object.values(good[at]!).includes(text);
    });
    fc.assert(
      fc.property(changed, ([at, place, text]) => {
        const bad = structuredClone(good);
        const names = Object.keys(bad[at]!);
        const name = names[place % names.length]!;
        // The digest is made anew from a context that is there.
        fc.pre(name !== 'context_digest');
        Object.assign(bad[at]!, { [name]: text });
        expect(verifyRecords(bad).valid).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(good, { minLength: 1 }), (some) => {
        const isPrefix = some.every((record, i) => record === good[i]);
        expect(verifyRecords(some).valid).toBe(isPrefix);
      }),
    );
  });
});
