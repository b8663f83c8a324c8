/** Languages that are read by their calls alone; their one-liners are short and say what they do. */
export type ScriptingLanguage = 'perl' | 'ruby' | 'php' | 'other';

/** What a function of a standard library does with its first argument. */
export interface ScriptingCall {
  does:
    'shell' | 'code' | 'delete' | 'delete_tree' | 'write' | 'open' | 'request' | 'send' | 'glob';
  /** Several literal arguments are the words of one command. */
  list?: boolean;
  everyArgument?: boolean;
}

const ALL: readonly ScriptingLanguage[] = ['perl', 'ruby', 'php', 'other'];

function each(
  languages: readonly ScriptingLanguage[],
  names: string,
  does: ScriptingCall['does'],
  extra: Partial<ScriptingCall> = {},
): [ScriptingLanguage, string, ScriptingCall][] {
  return languages.flatMap((language) =>
    names
      .split(' ')
      .map((name): [ScriptingLanguage, string, ScriptingCall] => [
        language,
        name,
        { does, ...extra },
      ]),
  );
}

/** By language; a name stands alone where it is telling, with its module where it is common. */
const CALLS = [
  ...each(
    ['perl', 'ruby', 'php'],
    'system exec shell_exec passthru popen proc_open pcntl_exec qx spawn IO.popen Open3.capture2 Open3.capture3 Open3.popen3 Process.spawn Kernel.system Kernel.exec `',
    'shell',
    { list: true },
  ),
  ...each(ALL, 'Dir.glob glob', 'glob'),
  ...each(ALL, 'os.execute io.popen', 'shell'),
  // R, Julia, AppleScript (`do shell script "..."`).
  ...each(['other'], 'system system2 shell.exec script run `', 'shell'),
  ...each(
    ALL,
    'unlink File.delete File.unlink os.remove file.remove Remove-Item rmdir Dir.rmdir FileUtils.rm FileUtils.rm_f',
    'delete',
    { everyArgument: true },
  ),
  ...each(
    ALL,
    'FileUtils.rm_rf FileUtils.rm_r FileUtils.remove_dir FileUtils.remove_entry FileUtils.remove_entry_secure remove_tree rmtree File.Path.remove_tree',
    'delete_tree',
  ),
  ...each(ALL, 'File.write File.truncate IO.write file_put_contents truncate', 'write'),
  ...each(ALL, 'File.read IO.read File.readlines File.open file_get_contents readfile', 'open'),
  ...each(ALL, 'URI.open Net.HTTP.get Net.HTTP.get_response get getstore curl_init', 'request'),
  ...each(ALL, 'Net.HTTP.post Net.HTTP.post_form', 'send'),
  ...each(['perl', 'ruby', 'php'], 'eval instance_eval assert', 'code'),
];

const BY_LANGUAGE = new Map<ScriptingLanguage, Map<string, ScriptingCall>>();
for (const [language, name, call] of CALLS) {
  const calls = BY_LANGUAGE.get(language) ?? new Map<string, ScriptingCall>();
  BY_LANGUAGE.set(language, calls.set(name, call));
}

export function scriptingCall(
  language: ScriptingLanguage,
  name: string,
): ScriptingCall | undefined {
  return BY_LANGUAGE.get(language)?.get(name);
}
