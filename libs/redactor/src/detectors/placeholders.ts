import { CLASS_BITS, inClass } from '../engine/char-class.ts';

/** Values that are published in the vendors' own documentation. */
const PUBLISHED = new Set([
  'AKIAIOSFODNN7EXAMPLE',
  'AKIAI44QH8DHBEXAMPLE',
  'ASIAIOSFODNN7EXAMPLE',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY',
  // Documentation of Stripe and of Telegram, in two parts: scanners of repositories know them too.
  ['sk_test_', '4eC39HqLyjWDarjtT1zdp7dc'].join(''),
  ['123456:ABC-DEF1234ghIkl', '-zyx57W2v1u123ew11'].join(''),
  ['110201543:AAHdqTcvCH1vGW', 'JxfSeofSAs0K5PALDsaw'].join(''),
  // RFC 2617, RFC 7617
  'QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
  'dGVzdDoxMjPCow==',
  // RFC 6749, RFC 6750, OpenID Connect
  'czZCaGRSa3F0MzpnWDFmQmF0M2JW',
  '2YotnFZFEjr1zCsicMWpAA',
  'tGzv3JOkF0XG5Qx2TlKWIA',
  'SplxlOBeZQQYbYS6WxSbIA',
  'mF_9.B5f-4.1JqM',
  'SlAV32hkKG',
  '8xLOxBtZp8',
  'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  // RFC 6455, RFC 7515
  'dGhlIHNhbXBsZSBub25jZQ==',
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
  // The account of Azure's storage emulator, and the secret in the description of otpauth.
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
  'JBSWY3DPEHPK3PXP',
]);

/** Whether anything but letters and digits of ASCII stands in a value: most tests are for what holds such marks. */
export function hasMarks(value: string): boolean {
  for (let at = 0; at < value.length; at++)
    if (!inClass(value.charCodeAt(at), CLASS_BITS.a)) return true;
  return false;
}

/** Whether a value is published, alone or with what stands behind it: a scope, a parameter. */
function isPublished(value: string): boolean {
  if (PUBLISHED.has(value)) return true;
  return /[/&]/.test(value) && PUBLISHED.has(value.split(/[/&]/, 1)[0] ?? '');
}

const FILLER = /^(?:x{3,}|X{3,}|\*{2,}[A-Z]*\**|\.{3,}|-{3,}|_{3,}|#{3,}|0{4,}|1{4,}|\?{2,})$/;

/**
 * Whether a token of a known shape is only an illustration: published, or filled with one or two characters. Only its
 * first units count, `least` of them: what follows the shortest token may have been added to hide it.
 */
export function isIllustration(token: string, least = token.length): boolean {
  if (isPublished(token)) return true;
  const head = token.slice(0, least);
  // One character over and over, in most of the token: `ghp_xxxxxxxx…`; not a token with a run at its end.
  const filler = /([xX*.0])\1{7,}/.exec(head);
  if (filler !== null && filler[0].length * 2 >= head.length) return true;
  return distinctUnits(head, 8) < Math.min(8, head.length >> 1);
}

/** Number of distinct code units, counted up to `enough`; units outside ASCII are told apart by their last five bits. */
export function distinctUnits(text: string, enough = 64): number {
  const seen = [0, 0, 0, 0, 0];
  let count = 0;
  for (let index = 0; index < text.length && count < enough; index++) {
    const code = text.charCodeAt(index);
    const word = code < 128 ? code >> 5 : 4;
    const bit = 1 << (code & 31);
    if (((seen[word] as number) & bit) === 0) count++;
    seen[word] = (seen[word] as number) | bit;
  }
  return count;
}

const REFERENCE =
  /^(?:\\?\$[{(A-Za-z_]|\$\$\w+\$\$$|@\{|\{\{|%[\w.]+%$|%\w+\(.*\)%$|\\\(|(?:string|number|integer|boolean) ?\(|%\(\w+\)s|<[^>]*>?$|\[[A-Za-z_ .-]+\]$|@\w+[.@/]|!\w+ |&#?\w+;|process\.env|os\.(?:environ|getenv)|import\.meta|(?:op|vault|secret|awssm|gcpsm|keyring|ssm|env|file|ref\+\w+):\/\/|(?:env|vault|secret|var|vars|local|data|config|settings|props|self|this|secrets|module|github|inputs|params|parameters|args|ctx|req|request|res|response|options|opts)\.[A-Za-z_]|arn:aws|projects\/[^/]+\/secrets|sha(?:1|256|384|512)[:-]|#\{)/;

/** An id of Twilio. */
const PUBLIC_ID = /^(?:AC|MG|PN|SM|MM|CA|VA|IS)[\da-f]{32}$/;

const WORDS = new Set(
  `true false null nil none undefined nan yes no on off required optional string str number int integer bool boolean
  bytes text any object array unknown void never char varchar password passwd pass pwd secret token key apikey api_key
  username user name value default empty missing invalid valid expired revoked unset set enabled disabled changeme
  change_me change-me placeholder example sample dummy redacted masked hidden removed filtered omitted todo tbd fixme
  your_password your-password yourpassword your_token your-token your_secret your_api_key your-api-key yourapikey
  mypassword-here insert_here replace_me replaceme replace-me not_set not-set n/a na basic bearer digest negotiate
  private public static internal external session cookie header query body form async await function return const
  let var new self this super import from class type interface options option flag flags argument arguments parameter passed failed skipped short weak strong incorrect wrong mismatch rejected accepted
  scram-sha-256 scram-sha-1 argon2id bcrypt-hash`.split(/\s+/),
);

/** Whether a value only stands for a secret: a reference, a type, a filler, a word of documentation. */
export function isPlaceholder(value: string): boolean {
  // Sealed for a cluster: public as it is.
  if (/^Ag[A-Z][\w+/=]{100,}$/.test(value)) return true;
  if (value.length > 256) return false;
  if (FILLER.test(value) || PUBLIC_ID.test(value) || isPublished(value)) return true;
  // Credentials and ids in the documentation of AWS end so.
  if (/EXAMPLE(?:KEY|TOKEN|SECRET|PASSWORD)?[\w=-]{0,2}$/.test(value)) return true;
  const lower = value.toLowerCase();
  if (WORDS.has(lower)) return true;
  if (lower.includes('abcdefghijkl') || lower.includes('0123456789abcdef0123456789abcdef'))
    return true;
  if (
    /^(?:my|your|the|some|super|very)[-_]?(?:super)?[-_]?secret[-_]?(?:password|passwd|pw|token|key)?$/.test(
      lower,
    )
  )
    return true;
  if (/^your[a-z_-]*(?:here|key|token|secret|password)$/.test(lower)) return true;
  if (hasMarks(value) && isMarkedPlaceholder(value, lower)) return true;
  return distinctUnits(value, 3) < Math.min(3, value.length);
}

/** The same of what only a value with marks can be. */
function isMarkedPlaceholder(value: string, lower: string): boolean {
  if (REFERENCE.test(value) || WORDS.has(lower.replace(/[.!?:]+$/, ''))) return true;
  if (/^[a-z][a-z-]*-0[\da-f]{16}$/.test(value)) return true;
  // Publishable keys of Stripe.
  if (/^pk_(?:live|test)_\w+$/.test(value)) return true;
  if (/^not (?:shown|set|available|applicable|provided|specified|used|found)$/.test(lower))
    return true;
  if (/^[a-z_-]+[_-](?:placeholder|here|changeme|todo|dummy)$/.test(lower)) return true;
  // "Yours" and "change it" in other languages.
  if (
    /^(?:votre|vos|ihr|dein|tu|su|seu|sua|il_tuo|la_tua|jouw|uw|twoje)[-_][\p{L}_-]+$/u.test(lower)
  )
    return true;
  if (
    /^(?:changez|changer|a|à|cambia|cambiar|mude|trocar|wijzig|zmien|aendern|ändern|bitte)[-_](?:moi|changer|me|ensuite|dit|to|mich|aendern|ändern)$/.test(
      lower,
    )
  )
    return true;
  // Shown in part, or put in by a template, a vault or a cmdlet: `eyJhbGciOi...`, `@@NAME@@`, `vault:a/b#c`, `Read-Host`.
  if (/^.{0,32}(?:\.{3}|\u2026)$/.test(value) || /^@{1,2}[A-Z_]\w*@{1,2}$/i.test(value))
    return true;
  if (
    /^(?:vault|env|file|ssm|secretsmanager|keyvault|akv|bws|gcpsm|awssm|keychain):[\w/.#-]+$/.test(
      lower,
    )
  )
    return true;
  // A path in Vault, the colour of a token in a theme.
  if (/^secret\/[\w/-]+$/.test(value) || /^#(?:[\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})$/i.test(value))
    return true;
  // Commands that fetch a secret, and names that a cluster gives to them.
  if (
    /^(?:(?:go)?pass (?:show|ls|-)|(?:op|vault|gpg2?|aws|gcloud|security|secret-tool|bw|lpass|doppler) [a-z-]|cat [~./])/.test(
      value,
    )
  )
    return true;
  if (/^[a-z0-9-]+-(?:token|dockercfg)-[a-z0-9]{5}$/.test(value)) return true;
  if (/^(?:Read|Get|ConvertTo|ConvertFrom|New|Import|Export)-[A-Z][A-Za-z]+$/.test(value))
    return true;
  if (/^\[redacted(?::[\w:.-]*)?\]?/.test(lower) && lower.length - lower.indexOf(']') <= 4)
    return true;
  if (
    /^(?:your|my|the|a|an|some|enter|insert|replace|put|add|change|type)[-_ ][a-z_ -]+$/.test(lower)
  )
    return true;
  if (
    /^(?:<|\{|\[|\().*(?:>|\}|\]|\))$/.test(value) &&
    /^[\W]*[A-Za-z][\w .:-]*[\W]*$/.test(value) &&
    value.length < 40 &&
    !/\d[^]*[A-Z][^]*[a-z][^]*\d|\d[^]*[a-z][^]*[A-Z][^]*\d|[A-Z][^]*[a-z][^]*\d[^]*[a-z][^]*\d/.test(
      value,
    )
  )
    return true;
  return false;
}

/**
 * Whether a mask stands in a value. It was judged when that mask was made, and what is left of it was then found to be
 * no secret: judging the rest again would make redacting twice differ from redacting once.
 */
export function holdsMask(value: string): boolean {
  return value.includes('[REDACTED:') && /\[REDACTED:\w{1,40}(?::[0-9a-f]{12})?\]/.test(value);
}
