import { Redactor } from '../redactor.ts';
import { fillShape, seededRandom } from '../testing/samples.ts';

const redactor = new Redactor();
const random = seededRandom(21);
const digest = fillShape('<h:40>', random);

it.each([
  ['aws_secret_key', fillShape('AKIA<u:16>', random), fillShape('<a:38>/9', random)],
  ['twilio_key', fillShape('AC<h:32>', random), fillShape('<h:30>a1', random)],
  ['alibaba_secret_key', fillShape('LTAI<a:20>', random), fillShape('<a:28>z9', random)],
  ['tencent_secret_key', fillShape('AKID<a:32>', random), fillShape('<a:30>z9', random)],
])('masks a %s that stands beside its id', (kind, id, secret) => {
  for (const between of [' ', ',', '\n', '\r\nthe other:\n', ' / ']) {
    expect(redactor.redact(`${id}${between}${secret}\n`)).toMatch(
      new RegExp(`\\[REDACTED:${kind}\\]\n$`),
    );
  }
  expect(redactor.redact(`${secret} ${id}`)).toContain(secret);
  expect(redactor.redact(`${id}${'\n'.repeat(9)}${secret}`)).toContain(secret);
});

it('leaves digests beside an id', () => {
  const id = fillShape('AKIA<u:16>', seededRandom(4));
  expect(redactor.redact(`${id} at commit ${digest}\n`)).toBe(
    `[REDACTED:aws_access_key] at commit ${digest}\n`,
  );
});
