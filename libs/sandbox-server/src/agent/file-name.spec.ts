import fc from 'fast-check';
import { nameOf, onDisk } from './file-name.ts';

const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }).map((piece) => Buffer.from(piece)),
      fc.string({ maxLength: 4, unit: 'binary' }).map((piece) => Buffer.from(piece)),
      fc.constantFrom('\uef80', '\uefff', '\ufffd', '\uef7f', '\uf000').map((c) => Buffer.from(c)),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => Buffer.concat(pieces));

describe('names of files', () => {
  it('lead back to the same bytes, through JSON and a URL too', () => {
    fc.assert(
      fc.property(bytes, (name) => {
        const text = nameOf(name);
        expect(Buffer.from(onDisk(text))).toEqual(name);
        expect(JSON.parse(JSON.stringify(text))).toBe(text);
        expect(decodeURIComponent(encodeURIComponent(text))).toBe(text);
      }),
    );
  });

  it('are themselves when they are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        fc.pre(!/[\uef80-\uefff]/.test(name));
        expect(nameOf(Buffer.from(name))).toBe(name);
        expect(onDisk(name)).toBe(name);
      }),
    );
    expect(nameOf(Buffer.from('\ufffd'))).toBe('\ufffd');
  });

  it('show the bytes that are not', () => {
    expect(nameOf(Buffer.from('a\xff\xfe', 'latin1'))).toBe('a\uefff\ueffe');
    expect(nameOf(Buffer.from('\uef80'))).toBe('\uefee\uefbe\uef80');
  });
});
