import fc from 'fast-check';
import { Redactor } from '../redactor.ts';
import { samplePrivateKey, sampleToken } from './samples.ts';

/** A registered value whose encodings differ from it. */
export const registered = 'R3gistered/Val+ue ü"<&>';
/** A redactor with registered values, one the beginning of another, and a pattern. */
export const redactor = new Redactor();
redactor.registerSecret(registered);
redactor.registerSecret('R3gistered');
redactor.addPattern('ticket', 'TCK-[0-9]{4,8}(?:-[a-f]+)?');

/** Things that are masked, and things that look like it. */
export const secrets = [
  sampleToken('github-token'),
  sampleToken('aws-access-key-id'),
  sampleToken('telegram-bot-token'),
  sampleToken('mailchimp-key'),
  sampleToken('slack-webhook'),
  sampleToken('sendgrid-key'),
  samplePrivateKey('RSA PRIVATE KEY', 3),
  samplePrivateKey('OPENSSH PRIVATE KEY', 2, '\\n'),
  samplePrivateKey('EC PRIVATE KEY', 3).slice(0, 190),
  registered,
  JSON.stringify(registered),
  Buffer.from(`a${registered}b`).toString('base64'),
  Buffer.from(`ab${registered}`).toString('base64url'),
  Buffer.from(registered).toString('hex'),
  encodeURIComponent(registered),
  'TCK-12345-abc',
  'Xy7-kd93',
  'password: Xy7-kd93 ',
  Buffer.from('{"user":"joe","password":"Xy7-kd93"}').toString('base64'),
  Buffer.from('a\nDB_PASSWORD=Xy7-kd93\nB=2\n').toString('hex'),
  Buffer.from(`xy ${sampleToken('github-token')} z`).toString('base64url'),
  Buffer.from(Buffer.from('{"password":"Xy7-kd93"}').toString('base64')).toString('base64'),
  '[REDACTED:github_token]',
  '[REDACTED:nonsense]',
];
const fragments = [
  ...'password= password: "api_key": \'secret\'= token= --token Authorization: Bearer Basic pass= PASSWORD_HASH= max_tokens= <password> </password>'.split(
    ' ',
  ),
  ...'Xy7kd93Qz echo mysql -p -a %3D %22 &quot; &#61; =3D \\u0022 &lt; is: NetworkCredential(" setPassword(" password:| AC0123456789abcdef0123456789abcdef 89f0e7c6d5b4a39281706f5e4d3c2b1a hunter2 Tr0ub4dor&3 ${VAR} <token> xxxx getToken() "value": , ; & = : " \' \\" \\n { } @ / ://user:pa55word@host postgres://u:p@h https://'.split(
    ' ',
  ),
  ...'ghp_ AKIA eyJ sk- -----BEGIN -----END PRIVATE KEY----- R3gist R3gistered 12345678:AA us- -us5 0123456789abcdef [REDACTED: ü 😀 \ud83d \ude00 \u001b[31m \u001b[0m \u001b[ \u001b \u001b]0;t\u0007 \u001b]8;; \0 a\0b\0c \u200b \ufeff \\x1b[1m \\u001b[0 \\033[ ^[[32m \\e quoted-printable name,password joe,Xy7kd93Qz \\x41 %253D value="&#88; [[ ]] || is lautet / ( login'.split(
    ' ',
  ),
  ' ',
  ' ',
  '\n',
  '\r\n',
  '=\n',
  '=\r\n',
  '\t',
];
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...fragments) },
  { weight: 2, arbitrary: fc.constantFrom(...secrets) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...secrets)
      .chain((text) => fc.nat(text.length).map((at) => text.slice(0, at))),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc.string({
      unit: fc.constantFrom('a', 'B', '7', '_', '-', '.', '/', '+'),
      maxLength: 90,
    }),
  },
);
/** Text in which secrets, beginnings of secrets, notation and noise are mixed. */
export const anyText = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));

/** Redacts through a stream that is fed the text in the pieces between the cuts. */
export function redactInPieces(input: string, cuts: readonly number[]): string {
  const stream = redactor.createStream();
  let output = '';
  let from = 0;
  for (const cut of [...cuts].sort((left, right) => left - right)) {
    output += stream.write(input.slice(from, cut));
    from = cut;
  }
  return output + stream.write(input.slice(from)) + stream.end();
}
