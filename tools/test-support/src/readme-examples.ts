import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One ```ts block of a README. */
export interface ReadmeExample {
  /** The heading it stands under and the line of its first statement: `Install (README.md:12)`. */
  readonly title: string;
  /**
   * Compiles the block against the sources of the workspace and runs it in a Node process of its
   * own, in an environment of this process plus `env`.
   * @throws Error with the compiler's or the program's message; lines are those of the README.
   */
  run(options?: { env?: Readonly<Record<string, string>> }): Promise<void>;
}

interface Block {
  readonly heading: string;
  /** Line of the README (from 1) on which the code begins. */
  readonly line: number;
  readonly code: string;
  readonly compileOnly: boolean;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const runLimitMs = 60_000;

/**
 * The ```ts blocks of `<packageDirectory>/README.md`, in order. A block opened by ```` ```ts no-run ````
 * is compiled only; blocks of other languages are not looked at.
 * @throws Error when the README has no such block.
 */
export function readmeExamples(packageDirectory: string): readonly ReadmeExample[] {
  const readme = join(packageDirectory, 'README.md');
  const blocks = blocksOf(readFileSync(readme, 'utf8'));
  if (blocks.length === 0) throw new Error(`${readme} has no \`\`\`ts block.`);

  // The files lie inside the package so that its imports resolve as its own would.
  const directory = join(packageDirectory, 'out-tsc', 'readme');
  mkdirSync(directory, { recursive: true });
  const files = blocks.map((block) => {
    const hash = createHash('sha256').update(block.code).digest('hex').slice(0, 12);
    const file = join(directory, `line-${block.line}-${hash}.ts`);
    // Blank lines in front: a message names the line of the README.
    writeFileSync(file, '\n'.repeat(block.line - 1) + block.code);
    return file;
  });
  const faults = compilerFaults(files);

  return blocks.map((block, index) => {
    const file = files[index] ?? '';
    return {
      title: `${block.heading} (${basename(readme)}:${block.line})`,
      async run({ env = {} } = {}) {
        const fault = faults.get(file);
        if (fault !== undefined) throw new Error(`${readme} does not compile:\n${fault}`);
        if (!block.compileOnly) await runProgram(file, packageDirectory, env);
      },
    };
  });
}

function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let heading = 'Example';
  let open: { fence: string; info: string; line: number; code: string[] } | undefined;
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    const fence = /^(`{3,}|~{3,})\s*(.*)$/.exec(text);
    if (open !== undefined) {
      if (fence?.[2] === '' && fence[1]?.startsWith(open.fence)) {
        const [language, ...words] = open.info.split(/\s+/);
        if (language === 'ts') {
          const code = `${open.code.join('\n')}\n`;
          blocks.push({ heading, line: open.line, code, compileOnly: words.includes('no-run') });
        }
        open = undefined;
      } else {
        open.code.push(text);
      }
    } else if (fence !== null) {
      open = { fence: fence[1] ?? '', info: (fence[2] ?? '').trim(), line: index + 2, code: [] };
    } else {
      heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1] ?? heading;
    }
  }
  return blocks;
}

/** What the compiler says of each file, under the options of the workspace. */
function compilerFaults(files: readonly string[]): ReadonlyMap<string, string> {
  const base = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(base.config, ts.sys, root);
  const program = ts.createProgram(files, {
    ...options,
    composite: false,
    declarationMap: false,
    emitDeclarationOnly: false,
    noEmit: true,
    noUnusedLocals: false,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
  });
  const host: ts.FormatDiagnosticsHost = {
    getCanonicalFileName: (path) => path,
    getCurrentDirectory: () => root,
    getNewLine: () => '\n',
  };
  const faults = new Map<string, string>();
  for (const file of files) {
    const source = program.getSourceFile(file);
    const diagnostics = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    if (diagnostics.length > 0) faults.set(file, ts.formatDiagnostics(diagnostics, host));
  }
  return faults;
}

async function runProgram(
  file: string,
  directory: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  // Jest's own NODE_OPTIONS are not those of a reader of the README.
  const environment = { ...process.env, ...env, NODE_OPTIONS: env['NODE_OPTIONS'] };
  const child = spawn(process.execPath, ['--conditions=@ae/source', file], {
    cwd: directory,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), runLimitMs);
  const ended = await new Promise<string | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(signal === null ? `code ${code ?? ''}` : `signal ${signal}`);
    });
  }).finally(() => clearTimeout(timer));
  if (ended !== undefined) {
    throw new Error(`${relative(root, file)} ended with ${ended}:\n${output.slice(-8000)}`);
  }
}
