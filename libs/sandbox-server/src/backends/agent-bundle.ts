/**
 * The agent's modules as one: Node finds, reads and links a file a module at each start of a
 * sandbox, which takes a fifth of the agent's start. The modules are our own and of one style, so
 * this reads their imports and exports by line, as written here or by the compiler, and refuses
 * what it does not know.
 */
const IMPORT = /^import\s*\{([^}]*)\}\s*from ['"]([^'"]+)['"];/gm;
const EXPORT = /^export ((?:async )?function\*?|class|const) (\w+)/gm;
const EMPTY_EXPORT = /^export \{\s*\};/gm;

function variableOf(file: string): string {
  return `$${file.replaceAll(/\W/g, '_')}`;
}

/**
 * @param entry name of the module that is run last
 * @param read the JavaScript of a module beside the entry, by its file's name
 * @returns an ES module without imports
 * @throws Error for an import in a circle, or in a form that no module here has
 */
export function bundleModules(entry: string, read: (file: string) => string): string {
  const finished: string[] = [];
  const seen = new Map<string, 'open' | 'done'>();

  function add(file: string): void {
    if (seen.get(file) === 'done') return;
    if (seen.get(file) === 'open') throw new Error(`${file} imports itself by way of others`);
    seen.set(file, 'open');
    const exported: string[] = [];
    const code = read(file)
      .replaceAll(IMPORT, (_line, names: string, from: string) => {
        const local = from.startsWith('./') ? from.slice(2) : undefined;
        if (local !== undefined) add(local);
        const source =
          local === undefined ? `process.getBuiltinModule('${from}')` : variableOf(local);
        return `const {${names.replaceAll(' as ', ': ')}} = ${source};`;
      })
      .replaceAll(EXPORT, (_line, kind: string, name: string) => {
        exported.push(name);
        return `${kind} ${name}`;
      })
      .replaceAll(EMPTY_EXPORT, '');
    const unknown = /^(?:import|export)\b.*/m.exec(code);
    if (unknown !== null) throw new Error(`${file}: cannot bundle "${unknown[0]}"`);
    finished.push(
      `const ${variableOf(file)} = (() => {\n${code}\nreturn { ${exported.join(', ')} };\n})();\n`,
    );
    seen.set(file, 'done');
  }

  add(entry);
  return finished.join('');
}
