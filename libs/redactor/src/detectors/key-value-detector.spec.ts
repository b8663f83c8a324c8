import { Redactor } from '../redactor.ts';
import { fillShape, seededRandom } from '../testing/samples.ts';
import { KEY_WORDS } from './key-names.ts';

const redactor = new Redactor();
const random = seededRandom(3);
const opaque = fillShape('<a:28>', random);
const hex = fillShape('<h:40>', random);
const uuid = fillShape('<h:8>-<h:4>-4<h:3>-8<h:3>-<h:12>', random);
const mixed = 'Tr0ub4dor&3';

/** Each: text before the secret, the secret, text after it. */
const masked: readonly (readonly [string, string, string])[] = [
  // env and INI
  ['PASSWORD=', mixed, ''],
  ['export DB_PASSWORD=', 'hunter', '\n'],
  ['DB_PASSWORD_PROD="', 'correct', '"'],
  ['password = ', 'hunter2', '\n'],
  ['PASSWORD=', 'Tr0ub4dor(3', '\n'],
  ['password: ', 'hunter', '\n'],
  ['API_KEY=', opaque, ''],
  ['STRIPE_KEY=', opaque, ''],
  ['SECRET_KEY_BASE=', hex, ''],
  ['CLIENT_SECRET=', uuid, ''],
  ['token: ', uuid, ''],
  // JSON and JSON in a string
  ['{"password": "', 'pass word 1', '"}'],
  ['{"password":"', 'with \\" quote 7', '","user":"joe"}'],
  ['{"apiKey":"', opaque, '"}'],
  ['{"client_secret": "', opaque, '", "max_tokens": 4096}'],
  ['"{\\"password\\":\\"', 'hunter22', '\\"}"'],
  ['{"name":"DB_PASSWORD","value":"', 'pl4inValue', '"}'],
  ['{"auth": {"accessToken": "', opaque, '"}}'],
  // YAML
  ['  password: ', mixed, '\n  user: joe'],
  ["  token: '", opaque, "'"],
  ['- name: API_TOKEN\n  value: ', opaque, '\n'],
  // command lines
  ['mysql -u root --password=', mixed, ' -h db'],
  ['deploy --token ', opaque, ' --verbose'],
  ["tool --client-secret '", opaque, "' run"],
  // headers
  ['X-Api-Key: ', opaque, '\r\n'],
  ['curl -H "Authorization: Bearer ', opaque, '" https://example.com'],
  ['Authorization: Basic ', Buffer.from('joe:hunter2').toString('base64'), '\n'],
  ['Cookie: ', 'session=abcdef123456; theme=dark', '\n'],
  ['Set-Cookie: ', 'sid=abcdef123456; HttpOnly', '\n'],
  ['PRIVATE-TOKEN: ', opaque, '\n'],
  // URLs and connection strings
  ['https://example.com/cb?access_token=', opaque, '&state=1'],
  ['Server=db;User Id=sa;Password=', 'p@ss!word', ';Database=x'],
  ['postgresql://app:', 'Xy9%21kd', '@db.local:5432/app'],
  ['redis://:', 'hunter22', '@cache:6379/0'],
  ['amqp://user:', 'p@ss9', '@broker'],
  // XML, SQL, netrc, code
  ['<password>', 'Sup3rSecret', '</password>'],
  ["ALTER USER joe WITH PASSWORD '", 'Sup3rSecret', "';"],
  ['machine example.com login joe password ', 's3cretpw', ''],
  ['machine example.com\n  login joe\n  password ', 's3cretpw', '\n'],
  ["const password = '", 'hunter2', "';"],
  ['password: str = "', 'hunter2', '"'],
  ['config["api_key"] = "', opaque, '"'],
  [":secret_key => '", opaque, "'"],
  ['if (password === "', 'hunter2', '") {'],
  // colours of a terminal
  ['\u001b[36mpassword\u001b[0m=', 'hunter2', '\n'],
  ["  token: \u001b[32m'", opaque, "'\u001b[39m"],
  ['password: \u001b[1;32m', 'hunter2', '\u001b[0m'],
  // files of credentials
  ['//registry.example.com/:_authToken=', opaque, '\n'],
  ['client-key-data: ', opaque + opaque, '\n'],
  ['PrivateKey = ', `${opaque}Zm9vYmFyMTI4=`, '\n'],
  ['db.local:5432:app:joe:', 'hunter2', '\n'],
  ['curl -u joe:', 'hunter2', ' https://example.com'],
  // escaped separators and quotes
  ['a?next=%2Fx%3Fpassword%3D', 'Xy7kd93Qz', '%26x%3D1 b'],
  ['{&quot;password&quot;:&quot;', 'Xy7kd93Qz', '&quot;}'],
  ['&lt;password&gt;', 'Xy7kd93Qz', '&lt;/password&gt;'],
  ['password=3D', 'Xy7kd=\n93Qz', '\nnext'],
  ['{\\u0022password\\u0022:\\u0022', 'Xy7kd93Qz', '\\u0022}'],
  ['password&#61;', 'Xy7kd93Qz', '\n'],
  // prose
  ['The password is ', 'Xy7kd93Qz', ' for now'],
  ['the token was: ', opaque, ' yesterday'],
  ['Das Passwort lautet ', 'Xy7kd93Qz', '.'],
  ['use secret key ', opaque, ' to sign in'],
  ['密码是', 'Xy7kd93Qz', '\n'],
  ['パスワード：', 'Xy7kd93Qz', '\n'],
  // calls and blocks
  ['os.getenv("API_KEY", "', hex, '")'],
  ["define('DB_PASSWORD', '", 'Xy7kd93Qz', "');"],
  ['client.setPassword("', 'Xy7kd93Qz', '")'],
  ['password: |\n  ', 'Xy7kd93Qz', '\nuser: joe'],
  ['token:\n    ', opaque, '\nuser: joe'],
  ['ENV DB_PASSWORD ', 'Xy7kd93Qz', '\n'],
  ['requirepass ', 'Xy7kd93Qz', '\n'],
  ['ConvertTo-SecureString "', 'Xy7kd93Qz', '" -AsPlainText'],
  ["CREATE USER joe IDENTIFIED BY '", 'Xy7kd93Qz', "';"],
  // keys by the name of a service
  ['const algoliaKey = "', hex, '";'],
  ['browshot key ', opaque, ' in use'],
  ['MapboxKey: ', opaque, '\n'],
  // other languages
  ['contraseña: ', 'Cl4ve-Larga', '\n'],
  ['пароль=', 'qwerty123', ' '],
  ['密码: ', 'abc12345', '\n'],
];

it.each(masked)('masks after %j', (before, secret, after) => {
  const output = redactor.redact(before + secret + after);
  expect(output).not.toContain(secret);
  expect(output.startsWith(before)).toBe(true);
  expect(output.endsWith(after)).toBe(true);
});

const clean = [
  // references and placeholders
  'password: ${DB_PASSWORD}',
  'password: "{{ vault_password }}"',
  'PASSWORD=$PASSWORD',
  'token=<token>',
  'Authorization: Bearer <your-token>',
  'Authorization: Bearer ${TOKEN}',
  'api_key = os.environ["API_KEY"]',
  'apiKey: process.env.API_KEY,',
  'password=xxxxxxxx',
  'password: ********',
  'password: changeme',
  'api_key=your_api_key_here',
  '"password": "Enter your password"',
  'secret: !Ref DatabaseSecret',
  'password: op://vault/item/password',
  'postgres://user:${PASSWORD}@host/db',
  'postgres://user:<password>@host/db',
  'password=[REDACTED:password]',
  // names that only contain such a word
  'max_tokens: 4096',
  '"total_tokens": 812345',
  'token_type: "Bearer1234567890"',
  'password_policy: minimum12characters',
  'PASSWORD_HASH_ROUNDS=12',
  'secretName: my-app-tls-2024',
  'token_url: https://auth.example.com/oauth2/token',
  'nextPageToken: null',
  'public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE',
  'cache_key: node-modules-v3-linux-x64-abc123def456',
  'primary_key=user_id_0123456789abcdef',
  'keyboard: us-intl-2024-abcdef99',
  'passwordless: enabled1',
  // prose and code
  'password: incorrect for user joe',
  'Password: Authentication failed',
  'The password is required to continue.',
  'error: unexpected token: }',
  'SyntaxError: Unexpected token < in JSON at position 0',
  'token = getToken();',
  'const token = parser.nextToken;',
  'function check(token: TokenType): boolean {',
  'password: string;',
  'password?: string | undefined',
  'if (token === "invalid")',
  'secret: boolean',
  'type Token = ArrowToken$1',
  '<Input type="password" name="password" />',
  '--- PASS: TestLogin/sub7 (0.00s)',
  '"heading": {"pass": "ARIA attribute is supported"}',
  '"pbkdf2-password": "1.2.1",',
  'bypass=abc12345',
  'privateKey: testRSA2048PrivateKey,',
  'tokens: Uint8Array; secretKey: Uint8Array; x: Uint8Array',
  'if (token===n.ownToken2) return',
  "paths: ['users.*.password', 'users.*.profile2.name']",
  "scrypt('password', 'salt1234')",
  'label: "Password:", other: "Remember me:"',
  "echo 'password: ' + name2 + ': '",
  'arn:aws:secretsmanager:us-east-1:123456789012:secret:Name-a1b2c3',
  'https://codecov.io/gh/x/y/badge.svg?token=lWZ9OBQ7GM',
  'printf(&quot;Password is correct.&quot;);',
  'getPassword("Enter-password2")',
  'invalid token "abc-123xyz"',
  'const ERROR_PASSWORD_MISSING = "password_missing"',
  'HEX_TOKEN = "[0-9A-Fa-f]{1,4}"',
  'default-token-x7k2p   kubernetes.io/service-account-token   3',
  `cacheKey = "${hex}"`,
  `monkey = ${opaque}`,
  `duplicate key ${hex}`,
  `objectKey: "${hex}"`,
  `partition key ${opaque}`,
  `Cache restored from key: ${hex}`,
  `<li key="${hex}">`,
  // things that look random
  `sha256:${hex}${hex.slice(0, 24)}`,
  `"integrity": "sha512-${fillShape('<a:86>==', seededRandom(4))}"`,
  `github.com/pkg/errors v0.9.1 h1:${fillShape('<a:43>=', seededRandom(5))}`,
  `commit ${hex}`,
  `request id ${uuid}`,
  `image: repo/app@sha256:${hex}${hex.slice(0, 24)}`,
  `docker://registry/app:v1.2.3@sha256:${hex}${hex.slice(0, 24)}`,
  `data:image/png;base64,iVBORw0KGgo${fillShape('<a:400>', seededRandom(6))}=`,
  'https://example.com:8080/path@1.2.3/file',
  'git@github.com:owner/repo.git',
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ joe@host',
  '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----',
  '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUEw2n1vXQ6cJm5b3r1w\n-----END CERTIFICATE-----',
  "if (text.includes('-----BEGIN PRIVATE KEY-----')) return true;",
];

it.each(clean)('leaves %j', (text) => {
  expect(redactor.redact(text)).toBe(text);
});

it('masks more doubtful values in strict mode', () => {
  const text = 'password = "horse"';
  expect(redactor.redact(text)).toBe(text);
  expect(new Redactor({ mode: 'strict' }).redact(text)).toBe('password = "[REDACTED:password]"');
});

it('names AWS secret access keys', () => {
  const secret = fillShape('<a:38>/Z', random);
  expect(redactor.redact(`aws_secret_access_key = ${secret}`)).toBe(
    'aws_secret_access_key = [REDACTED:aws_secret_key]',
  );
});

it('names each key word once', () => {
  const words = KEY_WORDS.flatMap((group) => group.words);
  expect(new Set(words).size).toBe(words.length);
});

it.each([
  String.raw`password = "\x39\x64\x58\x56\x48\x6e\x65\x75\x31\x44"`,
  String.raw`{"password":"\u004c\u0053\u0061\u006c\u0049\u0037\u0035\u0033"}`,
  '<input name="password" value="&#85;&#114;&#100;&#81;&#79;&#115;&#69;&#55;">',
])('masks a value that is written in escapes: %s', (text) => {
  expect(redactor.redact(text)).toMatch(/password[^\\&]*\[REDACTED:password\]/);
});

it('masks each row under a name, and stops where the table ends', () => {
  const rows = 'user,password\njoe,Xy7kd93Qz\namy,Zy8kd94Qa\n\nbob,Wy9kd95Qb\n';
  expect(redactor.redact(rows)).toBe(
    'user,password\njoe,[REDACTED:password]\namy,[REDACTED:password]\n\nbob,Wy9kd95Qb\n',
  );
});
