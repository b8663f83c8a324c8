import type { Effect } from '../effects/effect.ts';

/** A program inside a file that is to be written. */
export interface WrittenProgram {
  text: string;
  /** As in a context's `language`. */
  language: string;
}

const BY_EXTENSION: Readonly<Record<string, string>> = {
  sh: 'bash',
  bash: 'bash',
  zsh: 'bash',
  py: 'python',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  ts: 'typescript',
  rb: 'ruby',
  pl: 'perl',
  sql: 'sql',
};
const SHEBANG =
  /^#!\s*\S*?\/(?:env\s+(?:-S\s+)?)?(bash|sh|zsh|dash|python|node|ruby|perl)[0-9.]*\b/;

/** The programs in the content of a file: the file itself, or the scripts of a package.json. */
export function writtenPrograms(path: string, content: string): WrittenProgram[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === 'package.json') return packageScripts(content);
  const interpreter = SHEBANG.exec(content)?.[1];
  const language =
    interpreter === undefined
      ? byExtension(name)
      : interpreter.endsWith('sh')
        ? 'bash'
        : interpreter;
  return language === undefined ? [] : [{ text: content, language }];
}

function byExtension(name: string): string | undefined {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined;
}

function packageScripts(content: string): WrittenProgram[] {
  let manifest: unknown;
  try {
    manifest = JSON.parse(content);
  } catch {
    return [];
  }
  if (typeof manifest !== 'object' || manifest === null || !('scripts' in manifest)) return [];
  const { scripts } = manifest;
  if (typeof scripts !== 'object' || scripts === null) return [];
  return Object.values(scripts)
    .filter((script) => typeof script === 'string')
    .map((text) => ({ text, language: 'bash' }));
}

/**
 * A written program does not run yet, and source files are full of calls that are harmless where
 * they stand: only what would be denied is worth a question, once.
 */
export function writtenEffects(effects: readonly Effect[]): Effect[] {
  return effects
    .filter(({ verdict }) => verdict === 'deny')
    .slice(0, 1)
    .map((effect) => ({
      ...effect,
      verdict: 'approve',
      message: `writes a program that ${effect.message}`,
    }));
}
