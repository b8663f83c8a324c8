import fc from 'fast-check';
import { SseParser } from './sse-parser.ts';

function parse(pieces: readonly string[], lastEventId?: string) {
  const parser = new SseParser(lastEventId);
  const messages = pieces.flatMap((piece) => parser.push(piece));
  return { messages, lastEventId: parser.lastEventId };
}

/** `text` cut at `places`, which may lie outside it or fall together. */
function cut(text: string, places: readonly number[]): string[] {
  const inside = places.map((place) => place % (text.length + 1));
  const cuts = [0, ...inside.sort((left, right) => left - right), text.length];
  return cuts.slice(1).map((end, index) => text.slice(cuts[index], end));
}

describe('SseParser', () => {
  it('reads id, event and data of several lines, and passes over comments', () => {
    const stream = ': keep-alive\n\nid: 7\nevent: run.updated\ndata: {"a":\ndata:1}\n\n';
    expect(parse([stream])).toEqual({
      messages: [{ id: '7', event: 'run.updated', data: '{"a":\n1}' }],
      lastEventId: '7',
    });
  });

  it('takes the place from an id without data', () => {
    expect(parse(['id: 41\n\n: x\n'])).toEqual({ messages: [], lastEventId: '41' });
  });

  it('keeps the place where it was resumed until a message ends', () => {
    expect(parse(['id: 8\ndata: x\n'], '7')).toEqual({ messages: [], lastEventId: '7' });
  });

  it('does not take an id with NUL, a field without a name it knows, or a retry in words', () => {
    const parser = new SseParser();
    const messages = parser.push('id: a\0b\nother: 1\ndata\nretry: soon\n\nretry: 250\n\n');
    expect(messages).toEqual([{ id: '', event: 'message', data: '' }]);
    expect(parser.lastEventId).toBeUndefined();
    expect(parser.retry).toBe(250);
  });

  it('gives the same messages however the stream is cut and its lines end', () => {
    const line = fc.constantFrom(
      ...[
        'id: 1',
        'id: 22',
        'id',
        'event: run.output',
        'event:x',
        'data: a',
        'data:',
        'data:  b:c',
      ],
      ...[': note', '', '', 'é𝄞', 'retry: 5'],
    );
    const stream = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 40 });
    fc.assert(
      fc.property(stream, fc.array(fc.nat(400), { maxLength: 30 }), (lines, places) => {
        const text = lines.map(([content, end]) => content + end).join('');
        const plain = `${lines.map(([content]) => content).join('\n')}\n`;
        const whole = parse([text]);
        expect(parse(cut(text, places))).toEqual(whole);
        expect(parse(Array.from(text))).toEqual(whole);
        // '\r' + '\n' of two lines is one line end, so an empty line may go: only where none does.
        if (!/\r\n/.test(text) && lines.length > 0) expect(parse([plain])).toEqual(whole);
      }),
    );
  });
});
