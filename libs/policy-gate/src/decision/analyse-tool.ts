import type { Effect } from '../effects/effect.ts';

/** Something a tool would do, read from its name and its arguments. */
export type ToolPart =
  | { is: 'command'; text: string }
  | { is: 'code'; text: string; language: string }
  | { is: 'sql'; text: string }
  | { is: 'url'; text: string }
  | { is: 'path'; text: string; does: 'delete' | 'read' | 'write' };

export interface ToolReading {
  parts: ToolPart[];
  effect: Effect | undefined;
  /** More, or deeper, than is read. */
  beyond: boolean;
}

const MAX_DEPTH = 8;
const MAX_NODES = 2000;

/** Names of arguments, without case, `_` and `-`, as tool servers use them. */
const COMMANDS = new Set(['command', 'cmd', 'shell', 'commandline', 'bash', 'shellcommand']);
const SCRIPTS = new Set(['script', 'code', 'source', 'program', 'snippet']);
const QUERIES = new Set(['sql', 'query', 'statement', 'sqlquery', 'sqlstatement', 'queries']);
const URLS = new Set([
  'url',
  'uri',
  'href',
  'endpoint',
  'link',
  'webhook',
  'webhookurl',
  'baseurl',
]);
const PATHS = new Set([
  'path',
  'paths',
  'file',
  'files',
  'filename',
  'filepath',
  'filepaths',
  'directory',
  'dir',
  'folder',
  'target',
  'destination',
  'targetfile',
  'notebookpath',
]);

const DELETING = /^(?:delete|remove|rm|unlink|erase|trash|destroy|purge|wipe|clear|rmdir)$/;
const WRITING =
  /^(?:write|create|edit|save|append|put|update|move|rename|copy|replace|patch|insert|modify|touch|mkdir)$/;
/** What a name says is done to something of other people's: a person should see it first. */
const GRAVE =
  /^(?:delete|destroy|drop|purge|wipe|erase|terminate|revoke|truncate|uninstall|deactivate|decommission|shutdown|reboot|rollback|publish|deploy|release|merge|transfer|pay|refund|charge|purchase|buy|payout|withdraw|send|invite|grant|rotate|disable|suspend|archive|cancel)$/;
const READING =
  /^(?:get|list|read|search|find|query|describe|show|view|fetch|count|check|preview|validate|simulate|estimate|plan|lint|draft|dry)$/;

const SQL_START =
  /^\s*(?:--|\/\*|#|\(|select|with|insert|update|delete|drop|truncate|alter|create|grant|revoke|merge|copy|call|exec|execute|do|begin|set|vacuum|explain|replace|rename|load|kill|shutdown|flush|reset|pragma|attach)\b/i;

/** The words of `mcp__github__delete_repository`, `deleteRepo`, `fs.remove-file`, in order. */
function words(tool: string): string[] {
  return tool
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** What the name of a tool says. */
interface ToolName {
  language: string | undefined;
  does: 'delete' | 'read' | 'write';
  /** Runs commands. */
  isShell: boolean;
  /** The verb that makes it grave, when its first telling verb is one. */
  grave: string | undefined;
}

/** An agent has few tools and calls them often; a name that was read is read. */
const READ_NAMES = new Map<string, ToolName>();
const MAX_NAMES = 1000;

function readName(tool: string): ToolName {
  const known = READ_NAMES.get(tool);
  if (known !== undefined) return known;
  const verbs = words(tool);
  const telling = verbs.find((word) => GRAVE.test(word) || READING.test(word));
  const name: ToolName = {
    language: verbs.find((word) => LANGUAGES.has(word)),
    does: verbs.some((word) => DELETING.test(word))
      ? 'delete'
      : verbs.some((word) => WRITING.test(word))
        ? 'write'
        : 'read',
    isShell: verbs.some((word) => SHELLS.has(word)),
    grave: telling !== undefined && GRAVE.test(telling) ? telling : undefined,
  };
  if (READ_NAMES.size >= MAX_NAMES) READ_NAMES.clear();
  if (tool.length <= 200) READ_NAMES.set(tool, name);
  return name;
}

/**
 * Reads a call of a tool: arguments that are commands, queries, addresses and paths by their names
 * are parts to be analysed as such; a tool whose own name says that it deletes, pays or sends is
 * asked about unless its parts were judged instead.
 */
export function readTool(tool: string, args: unknown): ToolReading {
  const reading: ToolReading = { parts: [], effect: undefined, beyond: false };
  const { language, does, isShell, grave } = readName(tool);
  let nodes = 0;
  const walk = (value: unknown, name: string, depth: number): void => {
    nodes += 1;
    if (nodes > MAX_NODES || depth > MAX_DEPTH) {
      reading.beyond = true;
      return;
    }
    if (typeof value === 'string') {
      readText(value, name);
    } else if (Array.isArray(value)) {
      const items = value as unknown[];
      if (COMMANDS.has(name) && items.every((item) => typeof item === 'string')) {
        reading.parts.push({ is: 'command', text: items.map(quoteWord).join(' ') });
      } else for (const item of items) walk(item, name, depth + 1);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        walk(item, key.replaceAll(/[_-]/g, '').toLowerCase(), depth + 1);
      }
    }
  };
  const readText = (text: string, name: string): void => {
    if (COMMANDS.has(name)) reading.parts.push({ is: 'command', text });
    else if (SCRIPTS.has(name)) {
      if (language !== undefined) reading.parts.push({ is: 'code', text, language });
      else if (isShell) reading.parts.push({ is: 'command', text });
    } else if (QUERIES.has(name) || (name === 'input' && /sql/i.test(tool))) {
      if (SQL_START.test(text)) reading.parts.push({ is: 'sql', text });
    } else if (URLS.has(name) && /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
      reading.parts.push({ is: 'url', text });
    } else if (PATHS.has(name) && looksLikePath(text)) {
      reading.parts.push({ is: 'path', text, does });
    }
  };
  if (args !== undefined) walk(args, '', 0);
  const judgedByParts = reading.parts.some(({ is }) => is !== 'url');
  if (grave !== undefined && !judgedByParts) {
    reading.effect = {
      kind: 'exec',
      operation: 'tool',
      target: tool.slice(0, 200),
      irreversible: true,
      rule_id: 'tool.grave-name',
      verdict: 'approve',
      message: `calls a tool that by its name does something for good or to others (${grave})`,
    };
  }
  return reading;
}

const LANGUAGES = new Set(['python', 'javascript', 'typescript', 'node', 'ruby', 'perl', 'php']);
const SHELLS = new Set(['shell', 'bash', 'sh', 'terminal', 'exec', 'command', 'run']);

function looksLikePath(text: string): boolean {
  return text.length <= 4096 && !text.includes('\n') && !/^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

function quoteWord(item: unknown): string {
  return `'${String(item).replaceAll("'", "'\\''")}'`;
}
