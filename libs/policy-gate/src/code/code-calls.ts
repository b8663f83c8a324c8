import type { CodeLanguage } from './evaluate-code.ts';

/** What a function of a standard library does with its first argument. */
export interface CodeCall {
  does: 'shell' | 'code' | 'delete' | 'delete_tree' | 'write' | 'open';
  /** Several literal arguments are the words of one command. */
  list?: boolean;
  everyArgument?: boolean;
}

const PYTHON: readonly CodeLanguage[] = ['python'];
const JAVASCRIPT: readonly CodeLanguage[] = ['javascript'];
const SCRIPTING: readonly CodeLanguage[] = ['perl', 'ruby', 'php', 'other'];

function each(
  languages: readonly CodeLanguage[],
  names: string,
  does: CodeCall['does'],
  extra: Partial<CodeCall> = {},
): [CodeLanguage, string, CodeCall][] {
  return languages.flatMap((language) =>
    names
      .split(' ')
      .map((name): [CodeLanguage, string, CodeCall] => [language, name, { does, ...extra }]),
  );
}

/** By language; a name stands alone where it is telling, with its module where it is common. */
const CALLS = [
  ...each(
    PYTHON,
    'os.system os.popen os.spawnlp subprocess.getoutput subprocess.getstatusoutput',
    'shell',
  ),
  ...each(
    PYTHON,
    'subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen os.execvp os.execv os.execlp os.execl os.spawnvp asyncio.create_subprocess_shell asyncio.create_subprocess_exec',
    'shell',
    { list: true },
  ),
  ...each(PYTHON, 'shutil.rmtree rmtree os.removedirs', 'delete_tree'),
  ...each(PYTHON, 'os.remove os.unlink os.rmdir Path().unlink Path().rmdir', 'delete'),
  ...each(
    PYTHON,
    'os.truncate Path().write_text Path().write_bytes Path().touch os.chmod os.chown',
    'write',
  ),
  ...each(PYTHON, 'open io.open', 'open'),
  ...each(PYTHON, 'eval exec', 'code'),
  ...each(
    JAVASCRIPT,
    'execSync exec spawnSync spawn execFile execFileSync child_process.exec child_process.execSync Bun.spawn Bun.$',
    'shell',
    { list: true },
  ),
  ...each(
    JAVASCRIPT,
    'rmSync fs.rm rimraf fs.rmdirSync rmdirSync removeSync fs.remove emptyDirSync Deno.remove Deno.removeSync promises.rm fsp.rm',
    'delete_tree',
  ),
  ...each(JAVASCRIPT, 'unlinkSync fs.unlink fsp.unlink promises.unlink', 'delete'),
  ...each(
    JAVASCRIPT,
    'writeFileSync fs.writeFile truncateSync fs.truncate chmodSync copyFileSync renameSync fsp.writeFile',
    'write',
  ),
  ...each(JAVASCRIPT, 'eval Function', 'code'),
  ...each(
    ['perl', 'ruby', 'php'],
    'system exec shell_exec passthru popen proc_open qx `',
    'shell',
    { list: true },
  ),
  ...each(SCRIPTING, 'os.execute io.popen', 'shell'),
  ...each(
    SCRIPTING,
    'unlink File.delete File.unlink os.remove file.remove Remove-Item rmdir',
    'delete',
    { everyArgument: true },
  ),
  ...each(
    SCRIPTING,
    'FileUtils.rm_rf FileUtils.rm_r FileUtils.remove_dir remove_tree rmtree',
    'delete_tree',
  ),
  ...each(SCRIPTING, 'File.write File.truncate file_put_contents truncate', 'write'),
  ...each(['perl', 'ruby', 'php'], 'eval', 'code'),
];

const BY_LANGUAGE = new Map<CodeLanguage, Map<string, CodeCall>>();
for (const [language, name, call] of CALLS) {
  const calls = BY_LANGUAGE.get(language) ?? new Map<string, CodeCall>();
  BY_LANGUAGE.set(language, calls.set(name, call));
}

export function codeCall(language: CodeLanguage, name: string): CodeCall | undefined {
  return BY_LANGUAGE.get(language)?.get(name);
}
