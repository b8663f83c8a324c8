import { KEY_WORD } from '../detectors/key-names.ts';

/** Units of a name that is judged as a whole; of a longer one what stands around each word. */
const LONGEST_NAME = 48;
/** Units left and right of a word that are judged with it. */
const AROUND_WORD = 20;
/** Names in a long key under which its value is judged. */
const MOST_NAMES = 64;

/** Names that say nothing in a text, where they may be anything: as the whole name of a field they do. */
const WHOLE_NAMES: ReadonlyMap<string, string> = new Map([
  ['pin', 'pin_code'],
  ['psk', 'wpa_psk'],
  ['psw', 'pwd'],
]);

const IDENTIFIER = /^\w(?:[\w.-]*\w)?$/;
const MASK = /\[REDACTED:[^\]]*\]/g;
const INVISIBLE = /\p{Cf}/gu;
/** What would end the name in JSON, and blanks. */
const BLANKS = /["\\\s\p{Cc}]+/gu;
/** What parts a name from others: `user[password]`, `password (old)`. */
const MARKS = /[^\p{L}\p{M}\p{N} _.$:/'-]+/u;
const AROUND_NAME = /^[' .:/-]+|[' .:/-]+$/g;

/**
 * The names by which the engine judges the value of a field as it would in JSON: the key without quotes, blanks around
 * it and invisible units, and its parts where it has brackets. None where no word in the key could name a secret.
 */
export function namesOf(key: string): readonly string[] {
  if (key.length <= LONGEST_NAME && IDENTIFIER.test(key)) return secretNamesIn([key]);
  const whole = key.replace(MASK, ' ').replace(INVISIBLE, '').replace(BLANKS, ' ').trim();
  if (whole.length > LONGEST_NAME) return namesInLong(whole.toLowerCase());
  const parts = whole.split(MARKS).map((part) => part.replace(AROUND_NAME, ''));
  return secretNamesIn([whole, ...parts]);
}

function secretNamesIn(names: readonly string[]): string[] {
  const spoken = names.map((name) => WHOLE_NAMES.get(name.toLowerCase()) ?? name);
  return [...new Set(spoken.filter(mayNameSecret))];
}

/** Words such as `pw"` carry what closes a name. */
function mayNameSecret(name: string): boolean {
  return `"${name.toLowerCase()}":`.search(KEY_WORD) >= 0;
}

function namesInLong(key: string): string[] {
  const names = new Set<string>();
  for (const { 0: word, index } of `${key}":`.matchAll(KEY_WORD)) {
    names.add(key.slice(Math.max(0, index - AROUND_WORD), index + word.length + AROUND_WORD));
    if (names.size === MOST_NAMES) break;
  }
  return [...names];
}

/** `name`, `Name` and `NAME`. */
function inEachCase(name: string): string[] {
  return [name, name.charAt(0).toUpperCase() + name.slice(1), name.toUpperCase()];
}

/** Keys whose text says what the value beside them is; the last is one of CloudFormation. */
const LABELS: readonly string[] = 'name key id field label type header variable parameterKey'
  .split(' ')
  .flatMap(inEachCase);
const LABELLED: ReadonlySet<string> = new Set(['value', 'parameterValue'].flatMap(inEachCase));

/** Whether the name of a field says nothing, because another field or the object's own key does. */
export function isLabelled(name: string): boolean {
  return LABELLED.has(name);
}

/** The keys of an object that may say what its value is: `{ Name: 'DB_PASSWORD', Value: 'x' }`. */
export function labelKeysOf(value: object): string[] {
  return LABELS.filter((key) => Object.hasOwn(value, key));
}
