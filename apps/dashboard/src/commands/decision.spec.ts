import fc from 'fast-check';
import { segmentsOf } from './decision.ts';

const finding = (start: number, end: number) => ({
  rule_id: 'rule',
  message: 'message',
  span: { start, end },
});

describe('segmentsOf', () => {
  it('marks the piece that a finding is about', () => {
    expect(segmentsOf('echo; rm -rf /', [finding(6, 14)])).toEqual([
      { text: 'echo; ', findings: [] },
      { text: 'rm -rf /', findings: [1] },
    ]);
  });

  it('gives a piece to each of the findings that overlap on it', () => {
    const segments = segmentsOf('abcdef', [finding(0, 4), finding(2, 6)]);
    expect(segments.map(({ findings }) => findings)).toEqual([[1], [1, 2], [2]]);
  });

  it('keeps the text whole whatever the spans are', () => {
    const spans = fc.array(fc.tuple(fc.integer({ min: -9, max: 40 }), fc.integer({ max: 40 })));
    fc.assert(
      fc.property(fc.string(), spans, (text, places) => {
        const segments = segmentsOf(
          text,
          places.map(([start, end]) => finding(start, end)),
        );
        expect(segments.map((segment) => segment.text).join('')).toBe(text);
      }),
    );
  });
});
