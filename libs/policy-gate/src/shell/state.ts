import type { CompoundCommand, CompoundList, Redirected } from 'unbash';

import type { PathFrame } from '../effects/path-class.ts';
import type { Stream } from './value.ts';
import { UNKNOWN } from './value.ts';

export interface Variable {
  text: string;
  taint: number;
  /** Elements, where it is an array. */
  elements?: string[];
}

export interface ShellFunction {
  body: CompoundCommand | Redirected | CompoundList;
  /** Set where the body's positions do not index the checked text. */
  foreign: boolean;
}

/** Variables every shell has, and tools that scripts take from the environment by convention. */
const DEFAULTS: Readonly<Record<string, string>> = {
  TMPDIR: '/tmp',
  TMP: '/tmp',
  TEMP: '/tmp',
  USER: 'agent',
  LOGNAME: 'agent',
  SHELL: 'bash',
  BASH: 'bash',
  UID: '1000',
  RANDOM: '1',
  HOSTNAME: 'host',
  LINENO: '1',
  SECONDS: '1',
  EDITOR: 'vi',
  VISUAL: 'vi',
  PAGER: 'less',
  BROWSER: 'xdg-open',
  CC: 'cc',
  CXX: 'c++',
  LD: 'ld',
  AR: 'ar',
  MAKE: 'make',
  PYTHON: 'python',
  NODE: 'node',
  '?': '0',
  '!': '1',
  $: '1',
  _: '_',
  '-': 'hB',
  '0': 'bash',
};

/** What a shell remembers between commands. */
export class ShellState implements PathFrame {
  cwd: string;
  readonly home: string;
  readonly workspace: string;
  links?: ReadonlyMap<string, string>;
  /** Links that the script itself made. */
  readonly ownLinks = new Set<string>();
  variables = new Map<string, Variable>();
  functions = new Map<string, ShellFunction>();
  aliases = new Map<string, string>();
  /** What this script wrote, or a process substitution offers, by path. */
  files = new Map<string, Stream>();
  /** File descriptors that lead into the network. */
  networkDescriptors = new Set<string>();
  positional: string[] | undefined;
  /** A remote of the repository was pointed elsewhere. */
  remoteChanged = false;
  stdin: Stream | undefined;

  constructor(cwd: string, home: string, workspace: string) {
    this.cwd = cwd;
    this.home = home;
    this.workspace = workspace;
  }

  /** A subshell: what it changes is not seen outside, except the files it writes. */
  fork(): ShellState {
    const child = new ShellState(this.cwd, this.home, this.workspace);
    if (this.links !== undefined) child.links = this.links;
    for (const link of this.ownLinks) child.ownLinks.add(link);
    child.variables = new Map(this.variables);
    child.functions = new Map(this.functions);
    child.aliases = new Map(this.aliases);
    child.files = this.files;
    child.networkDescriptors = new Set(this.networkDescriptors);
    child.positional = this.positional;
    child.remoteChanged = this.remoteChanged;
    child.stdin = this.stdin;
    return child;
  }

  addLink(link: string, target: string): void {
    this.links = new Map(this.links).set(link, target);
    this.ownLinks.add(link);
  }

  lookup(name: string): Variable | undefined {
    const known = this.variables.get(name);
    if (known !== undefined) return known;
    if (name === 'HOME') return { text: this.home, taint: 0 };
    if (name === 'PWD') return { text: this.cwd, taint: 0 };
    if (name.length === 1 && name >= '1' && name <= '9' && this.positional !== undefined) {
      return { text: this.positional[Number(name) - 1] ?? '', taint: 0 };
    }
    if (name === '#' && this.positional !== undefined) {
      return { text: String(this.positional.length), taint: 0 };
    }
    const text = Object.hasOwn(DEFAULTS, name) ? DEFAULTS[name] : undefined;
    return text === undefined ? undefined : { text, taint: 0 };
  }

  /** After two ways through the script: what differs between them is not known any more. */
  mergeVariables(other: Map<string, Variable>): void {
    for (const [name, theirs] of other) {
      const ours = this.variables.get(name);
      if (ours === undefined) this.variables.set(name, theirs);
      else if (ours.text !== theirs.text) {
        this.variables.set(name, { text: UNKNOWN, taint: ours.taint | theirs.taint });
      }
    }
  }
}
