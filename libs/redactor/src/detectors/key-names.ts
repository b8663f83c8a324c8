import { NAME_WORDS } from './name-words.ts';

/** What a key name says about its value. */
export type KeyFamily =
  'password' | 'token' | 'secret' | 'key' | 'weak_key' | 'named_key' | 'authorization' | 'cookie';

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
      'pass =',
      '<pass>',
      '<pass ',
      '<master>',
      'pass `',
      'pw `',
      'pw"',
      'pass"',
      "pass'",
      'dbpass',
      'userpass',
      'passwort',
      'kennwort',
      'contraseña',
      'contrasena',
      'senha',
      'motdepasse',
      'mot de passe',
      'mot_de_passe',
      'wachtwoord',
      'parola',
      'parool',
      'hasło',
      'haslo',
      'heslo',
      'geslo',
      'lozinka',
      'jelszó',
      'şifre',
      'sifre=',
      'sifre:',
      'salasana',
      'lösenord',
      'adgangskode',
      'passord',
      'clave=',
      'clave:',
      '_clave',
      'kata sandi',
      'mật khẩu',
      'κωδικός',
      'пароль',
      'пароля',
      'סיסמה',
      'كلمة المرور',
      'कूटशब्द',
      'पासवर्ड',
      'รหัสผ่าน',
      '密码',
      '密碼',
      '口令',
      'パスワード',
      '暗証番号',
      '비밀번호',
      '암호',
      'pw:',
      'pw=',
      'pw :',
      'pw ',
      'pw =',
      '_pw=',
      '_pw:',
      '_pw"',
      "_pw'",
      'rootpw',
      'bindpw',
      'userpw',
      'dbpw',
      'keypass',
      'storepass',
      'requirepass',
      'masterauth',
      'passkey',
      'passwrd',
      'pasword',
      'paswd',
      'psswd',
      'pswrd',
      'pswd',
      'psw=',
      'psw:',
      'identified by',
      'securestring',
      'pass)',
      'pass,',
      '_psk',
      'pass_plain',
      'plain_pass',
      'wlan-schlüssel',
      'wlan schlüssel',
      'wifi key',
      'wlan key',
      'psk=',
      'psk:',
      'pskvalue',
      'pskkey',
      'psk "',
      'eap "',
      'xauth "',
      'authtok',
      'key content',
      'numerical password',
      'wpa_psk',
      'pin_code',
      'pincode',
      'mnemonic',
      'seed_phrase',
      'seed phrase',
      'recovery_phrase',
      'recovery phrase',
    ],
  },
  {
    family: 'token',
    kind: 'token',
    words: [
      'token',
      'jeton',
      'sessionid',
      'session_id',
      'session-id',
      'sessid',
      'connect.sid',
      'sonar.login',
      'samlresponse',
      'samlrequest',
      '_session=',
      'session=',
      'sid=',
      'токен',
      '令牌',
      'トークン',
      '토큰',
    ],
  },
  {
    family: 'secret',
    kind: 'secret',
    words: [
      'secret',
      'secreto',
      'credential',
      'geheimnis',
      'секрет',
      '密钥',
      '密鑰',
      'シークレット',
      '_pat',
      '_otp',
      'recovery_code',
      'code_verifier',
      'pepper:',
      'pepper=',
      'pepper"',
      'auth_salt',
      'secure_auth_key',
      'logged_in_key',
      'logged_in_salt',
      'nonce_salt',
      'hash_salt',
      'redis_auth',
      'basic_auth',
      'internal-auth',
      'webhook_hmac',
      'remember_web',
      'http_auth',
      'erlang_cookie',
      'ntlm',
      'otp',
      'pin:',
      'pin=',
      'pin =',
      '"pin"',
      'mfa seed',
      'totp seed',
      'otp seed',
      'wif:',
      'pin code',
      'admin pin',
      'new pin',
      'your pin',
      'verification code',
      'security code',
      'mfa code',
      '2fa code',
      'one-time code',
      'recovery code',
      'backup_code',
      'verification_code',
      'x-amz-signature',
      'x-goog-signature',
      'shared_access_signature',
      'jaas.config',
    ],
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
      'apitoken',
      'api key',
      'secret key',
      'authentication key',
      'auth key',
      'access code',
      'setup key',
      'access key',
      'clé api',
      "clé d'api",
      'clef api',
      'clé secrète',
      'clave secreta',
      '秘密鍵',
      '私钥',
      '私鑰',
      'schlüssel',
      'clave api',
      'chiave api',
      'chiave segreta',
      'chiave_segreta',
      'chave api',
      'ключ',
      'apiキー',
      'cdkey',
      'publishkey',
      'subscription_key',
      'subscription-key',
      'subscriptionkey',
      'functions-key',
      'host_key',
      'x-auth',
      'hmac_key',
      'applicationkey',
      'application_key',
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
      'replicasetkey',
      'preshared_key',
      'pre-shared-key',
      'sessionkey',
      'session_key',
      'cipherkey',
      'cipher_key',
      'aeskey',
      'aes_key',
      'rsa_key',
      'ssh_key',
      'secretkeybase',
      'cookiesecret',
      'validationkey',
      'decryptionkey',
      'private key',
      'encryption key',
      'master key',
      'unseal key',
      'recovery key',
      'client-key-data',
    ],
  },
  {
    family: 'weak_key',
    kind: 'api_key',
    words: [
      '_key',
      '-key',
      '.key',
      'webhook_url',
      'webhookurl',
      '_auth',
      '_api',
      '_dsn',
      '_salt',
      'signature=',
      '_hash_key',
    ],
  },
  // `algoliaKey`, `browshot key`: what names it must be no word of programs.
  { family: 'named_key', kind: 'api_key', words: ['key'] },
  { family: 'authorization', kind: 'authorization', words: ['authorization'] },
  { family: 'cookie', kind: 'cookie', words: ['cookie'] },
];

/** Every word that names a secret, in a text in lower case. */
export const KEY_WORD = new RegExp(
  KEY_WORDS.flatMap(({ words }) => words)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|'),
  'g',
);

const ALL_WORDS: ReadonlySet<string> = new Set(KEY_WORDS.flatMap(({ words }) => words));

/** Whether a key may name a secret at all. */
export function hasKeyWord(key: string): boolean {
  const lower = key.toLowerCase();
  return lower.search(KEY_WORD) >= 0 || lower === 'pass';
}

/** Whether a text is nothing but a word that names a secret. */
export function isKeyWord(text: string): boolean {
  return ALL_WORDS.has(text.toLowerCase());
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
  site locale i18n lang language translation position bos eos pad unk special vocab completion prompt cached
  logprobs log level mode status state source scope scopes grant agent samesite httponly secure domain jar parser consent
  banner sealed arn publishable attempts attempt mgr handler callback cb fn func hasher hashers validator validators encoder generator service factory impl util utils
  helper test spec algorithm alg issued revoked refreshed failures success rejected matched stdin fd websocket idempotency kms s3 dedup dedupe sitekey object reqd dylib dll so txt log lst csv cfg ini lock zip bak ts tsx js jsx mjs cjs py rb java php vue kt cs cpp html css md sql`.split(
    /\s+/,
  ),
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
  if (right !== '' && FOREIGN_TAIL.test(right.toLowerCase())) return false;
  if (family === 'named_key') return /^(?:|[_-]?(?:prod|live|test|dev|staging|\d+))$/i.test(right);
  const rightParts = partsOf(right);
  const leftParts = partsOf(left);
  // `tokens`, `secrets`: a list or a count; `credentials` and `cookies` are the thing itself.
  if (rightParts[0] === 's' && (family === 'token' || family === 'weak_key')) return false;
  if (rightParts.some((part) => PUBLIC_PARTS.has(part))) return false;
  // `adminPasswordKey: admin-password`: what an entry is called.
  if (family === 'password' && right === 'Key') return false;
  // `existingSecretPasswordKey`, `HEADER_API_KEY`: where one is found.
  if (PLACES.has(leftParts[0] ?? '') || leftParts.at(-1) === 'hashed') return false;
  const nearest = leftParts.at(-1);
  if (family === 'weak_key')
    return !leftParts.some((part) => PUBLIC_PARTS.has(part) && !HOLDERS_OF_KEYS.has(part));
  if (family === 'token' && rightParts.some((part) => RIGHT_PUBLIC_TOKEN.has(part))) return false;
  if (family === 'token' && leftParts.some((part) => LEFT_PUBLIC_TOKEN.has(part))) return false;
  // A `reset_token` resets a password.
  if (nearest === 'reset' && family === 'token') return true;
  return nearest === undefined || !LEFT_PUBLIC.has(nearest);
}

/** First parts of names of places where a secret stands. */
const PLACES = new Set(['existing', 'header', 'param', 'field', 'column', 'attr', 'attribute']);

/** Words that name a key of data, or speak of any. */
const KEYS_OF_DATA = new Set(
  `duplicate unexpected wrong your this that their these another every each same our his her its which what
  redis mongo dynamo kafka hash mon don tur whis hoc joc pass hot low cap
  gpg pgp ssh rsa dsa ecdsa eddsa ed25519 apt rpm lookup`.split(/\s+/),
);

/** Whether what stands before `key` may be the name of a service: no word of programs. */
export function mayNameService(word: string): boolean {
  const nearest = partsOf(word).at(-1) ?? '';
  return (
    nearest.length >= 3 &&
    !NAME_WORDS.has(nearest) &&
    !PUBLIC_PARTS.has(nearest) &&
    !KEYS_OF_DATA.has(nearest)
  );
}

/** Parts that make a key no less secret: `AZURE_STORAGE_KEY`. */
const HOLDERS_OF_KEYS = new Set([
  'storage',
  'store',
  'provider',
  'service',
  'host',
  'log',
  'manager',
]);

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
const RIGHT_PUBLIC_TOKEN = new Set(
  'data map list table stream parser context kind node set'.split(' '),
);
const LEFT_PUBLIC_TOKEN = new Set([
  'public',
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
  'lock',
  'syntax',
  'new',
  'stop',
]);

/** The lower-case parts of an identifier in any of the usual spellings. */
function partsOf(name: string): string[] {
  if (name === '') return [];
  const isHumped = /[a-z0-9][A-Z]/.test(name);
  const lower = (isHumped ? name.replace(/([a-z0-9])([A-Z])/g, '$1_$2') : name).toLowerCase();
  if (!/[^a-z0-9]/.test(lower)) return [lower];
  return lower.split(/[^a-z0-9]+/).filter((part) => part !== '');
}
