/** What a key name says about its value. */
export type KeyFamily =
  'password' | 'token' | 'secret' | 'key' | 'weak_key' | 'authorization' | 'cookie';

interface KeyWord {
  readonly family: KeyFamily;
  /** The word in the mask. */
  readonly kind: string;
  readonly words: readonly string[];
}

/** Words that make a key name secret, in several languages, without regard to case. */
export const KEY_WORDS: readonly KeyWord[] = [
  {
    family: 'password',
    kind: 'password',
    words: [
      'password',
      'passwd',
      'passphrase',
      'passcode',
      'pwd',
      '_pass',
      '-pass',
      'pass=',
      'pass:',
      'dbpass',
      'userpass',
      'passwort',
      'kennwort',
      'contraseña',
      'contrasena',
      'senha',
      'motdepasse',
      'mot_de_passe',
      'wachtwoord',
      'parola',
      'hasło',
      'heslo',
      'пароль',
      '密码',
      '密碼',
      'パスワード',
      '비밀번호',
    ],
  },
  {
    family: 'token',
    kind: 'token',
    words: ['token', '_authtoken', 'jeton', 'sessionid', 'session_id', 'sessid', 'connect.sid'],
  },
  {
    family: 'secret',
    kind: 'secret',
    words: ['secret', 'credential', 'geheimnis', '_pat', 'private-token'],
  },
  {
    family: 'key',
    kind: 'api_key',
    words: [
      'apikey',
      'api_key',
      'api-key',
      'api.key',
      'accesskey',
      'access_key',
      'access-key',
      'authkey',
      'auth_key',
      'auth-key',
      'appkey',
      'app_key',
      'accountkey',
      'account_key',
      'sharedaccesskey',
      'licensekey',
      'license_key',
      'license-key',
    ],
  },
  {
    family: 'key',
    kind: 'private_key',
    words: [
      'privatekey',
      'private_key',
      'private-key',
      'signingkey',
      'signing_key',
      'signing-key',
      'encryptionkey',
      'encryption_key',
      'encryption-key',
      'masterkey',
      'master_key',
      'master-key',
      'presharedkey',
      'preshared_key',
      'client-key-data',
    ],
  },
  {
    family: 'weak_key',
    kind: 'api_key',
    words: ['_key', '-key', 'webhook_url', '_auth', '_dsn', '_salt'],
  },
  { family: 'authorization', kind: 'authorization', words: ['authorization'] },
  { family: 'cookie', kind: 'cookie', words: ['cookie'] },
];

/** Whether a key may name a secret at all. */
export function hasKeyWord(key: string): boolean {
  const lower = key.toLowerCase();
  return (
    KEY_WORDS.some(({ words }) => words.some((word) => lower.includes(word))) || lower === 'pass'
  );
}

/** Parts of a name, besides the secret word, that make it speak of something public. */
const PUBLIC_PARTS = new Set(
  `max min count counts limit limits len length size num number total usage used budget per tokens tokenizer tokenize
  tokenized tokenization type types name names id ids file files filename path paths dir directory url uri urls endpoint
  host port policy policies rule rules regex pattern format hint label title text message msg error errors field fields
  input inputs column header headers prefix suffix expiry expires expiration expire exp ttl timeout lifetime age at
  date time created updated rotated rotation enabled disabled required optional valid invalid is has require requires
  allow allowed show hide reset forgot change changed confirm confirmation strength store storage manager provider ref reference
  version class kind hash hashes hashed digest checksum fingerprint public primary foreign sort partition cache index
  locale i18n lang language translation position bos eos pad unk special vocab completion prompt cached
  logprobs log level mode status state source scope scopes grant agent samesite httponly secure domain jar parser consent
  banner sealed arn`.split(/\s+/),
);

/** Endings and beginnings that make one word of another: `passwordless`, `keyboard`, `tokenizer`. */
const FOREIGN_TAIL =
  /^(?:less|iz|is(?:e|ing|ation)|ify|ing\b|ed\b|board|word|word_|ary|ern|ely|ive|ion|ize)/;

/**
 * Whether a whole name such as `DB_PASSWORD_PROD` names a secret, given the parts left and right of the word
 * that was found in it.
 */
export function namesSecret(left: string, right: string, family: KeyFamily): boolean {
  if (left === '' && right === '') return true;
  if (FOREIGN_TAIL.test(right.toLowerCase())) return false;
  const rightParts = partsOf(right);
  const leftParts = partsOf(left);
  // `tokens`, `secrets`: a list or a count; `credentials` and `cookies` are the thing itself.
  if (rightParts[0] === 's' && (family === 'token' || family === 'weak_key')) return false;
  if (rightParts.some((part) => PUBLIC_PARTS.has(part))) return false;
  const nearest = leftParts.at(-1);
  if (family === 'weak_key') return !leftParts.some((part) => PUBLIC_PARTS.has(part));
  if (family === 'token' && leftParts.some((part) => LEFT_PUBLIC_TOKEN.has(part))) return false;
  return nearest === undefined || !LEFT_PUBLIC.has(nearest);
}

const LEFT_PUBLIC = new Set([
  'public',
  'no',
  'is',
  'has',
  'max',
  'min',
  'num',
  'show',
  'hide',
  'require',
  'requires',
  'allow',
  'forgot',
  'reset',
  'change',
  'without',
  'publishable',
  'anon',
]);
const LEFT_PUBLIC_TOKEN = new Set([
  'max',
  'min',
  'num',
  'total',
  'prompt',
  'completion',
  'next',
  'page',
  'continuation',
  'input',
  'output',
  'bos',
  'eos',
  'pad',
  'unk',
  'mask',
  'sep',
  'special',
  'cached',
  'per',
  'unexpected',
  'syntax',
  'new',
  'stop',
]);

/** The lower-case parts of an identifier in any of the usual spellings. */
function partsOf(name: string): string[] {
  if (name === '') return [];
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '');
}
