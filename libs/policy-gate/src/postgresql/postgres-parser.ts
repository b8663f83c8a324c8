import type { Effect, Verdict } from '../effects/effect.ts';

/** PostgreSQL's own parser, for a gate's option `postgres`. */
export interface PostgresParser {
  /** What the statements do; undefined for a text that PostgreSQL would not run. */
  effects(sql: string): Effect[] | undefined;
}

/** The part of `libpg-query` that is used. */
interface Library {
  loadModule(): Promise<void>;
  parseSync(sql: string): unknown;
}

/**
 * Loads `libpg-query` (an optional peer: PostgreSQL's parser as WebAssembly, 4 MB). Rejects where it
 * is not installed. With it statements of dialect `postgresql` are read twice, and the graver
 * reading counts.
 */
export async function loadPostgresParser(): Promise<PostgresParser> {
  const library: Library = await import('libpg-query');
  await library.loadModule();
  return {
    effects(sql) {
      let tree: unknown;
      try {
        tree = library.parseSync(sql);
      } catch {
        return undefined;
      }
      const effects: Effect[] = [];
      walk(tree, effects, 0);
      return effects;
    },
  };
}

const MAX_DEPTH = 200;

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function walk(value: unknown, effects: Effect[], depth: number): void {
  if (depth > MAX_DEPTH) {
    add(effects, 'limit', 'approve', 'sql.limit', 'is nested deeper than is analysed');
  } else if (Array.isArray(value)) {
    for (const item of value as unknown[]) walk(item, effects, depth + 1);
  } else if (isNode(value)) {
    for (const [name, child] of Object.entries(value)) {
      // EXPLAIN runs nothing unless it is told to measure.
      if (name === 'ExplainStmt' && isNode(child) && !hasOption(child, 'analyze')) continue;
      if (isNode(child) && Object.hasOwn(NODES, name)) NODES[name]?.(child, effects);
      walk(child, effects, depth + 1);
    }
  }
}

function hasOption({ options }: Node, name: string): boolean {
  return (
    Array.isArray(options) &&
    options.some(
      (option) =>
        isNode(option) && isNode(option['DefElem']) && option['DefElem']['defname'] === name,
    )
  );
}

function add(
  effects: Effect[],
  operation: string,
  verdict: Verdict,
  rule: string,
  message: string,
): void {
  const irreversible = verdict === 'deny';
  effects.push({ kind: 'database', operation, irreversible, rule_id: rule, verdict, message });
}

/** A condition that is there and is no constant. */
function limits({ whereClause }: Node): boolean {
  return isNode(whereClause) && !isNode(whereClause['A_Const']);
}

const DATA_OBJECTS = new Set(['OBJECT_TABLE', 'OBJECT_SCHEMA', 'OBJECT_FOREIGN_TABLE']);

/** What single nodes of the tree mean, by PostgreSQL's names for them. */
const NODES: Readonly<Record<string, (node: Node, effects: Effect[]) => void>> = {
  DropStmt({ removeType, objects }, effects) {
    const kind = String(removeType).replace('OBJECT_', '').toLowerCase().replaceAll('_', ' ');
    const temporary = JSON.stringify(objects).includes('"pg_temp"');
    if (temporary) return;
    if (DATA_OBJECTS.has(String(removeType))) {
      add(effects, 'drop', 'deny', 'sql.drop', `drops a ${kind}`);
    } else add(effects, 'drop', 'approve', 'sql.drop-object', `drops a ${kind}`);
  },
  DropdbStmt(_node, effects) {
    add(effects, 'drop', 'deny', 'sql.drop', 'drops a database');
  },
  DropOwnedStmt(_node, effects) {
    add(effects, 'drop', 'deny', 'sql.drop', 'drops everything somebody owns');
  },
  DropRoleStmt(_node, effects) {
    add(effects, 'drop', 'approve', 'sql.drop-object', 'drops a role');
  },
  TruncateStmt(_node, effects) {
    add(effects, 'truncate', 'deny', 'sql.truncate', 'empties a table');
  },
  DeleteStmt(node, effects) {
    if (!limits(node)) {
      add(effects, 'delete_all', 'deny', 'sql.delete-all', 'deletes every row of a table');
    }
  },
  UpdateStmt(node, effects) {
    if (!limits(node) && node['fromClause'] === undefined) {
      add(effects, 'update_all', 'deny', 'sql.update-all', 'changes every row of a table');
    }
  },
  CopyStmt(node, effects) {
    if (node['is_program'] === true) {
      add(effects, 'exec', 'deny', 'sql.exec', "runs a program on the database's machine");
    }
  },
  AlterTableCmd({ subtype }, effects) {
    if (subtype === 'AT_DropColumn' || subtype === 'AT_DetachPartition') {
      const message = 'drops a column or a partition with its data';
      add(effects, 'alter_drop', 'approve', 'sql.alter-drop', message);
    } else if (/^AT_Disable(?:Trig|Rule|RowSecurity)/.test(String(subtype))) {
      const message = 'takes a protection of the data away';
      add(effects, 'alter', 'approve', 'sql.alter-access', message);
    }
  },
  RenameStmt(_node, effects) {
    const message = 'renames an object that programs use, or gives it away';
    add(effects, 'rename', 'approve', 'sql.alter-rename', message);
  },
  GrantStmt(_node, effects) {
    add(effects, 'access', 'approve', 'sql.access', 'changes who may do what');
  },
  GrantRoleStmt(_node, effects) {
    add(effects, 'access', 'approve', 'sql.access', 'changes who may do what');
  },
  CreateRoleStmt(_node, effects) {
    add(effects, 'access', 'approve', 'sql.access', 'creates an account');
  },
  AlterSystemStmt(_node, effects) {
    add(effects, 'service', 'approve', 'sql.service', 'changes how the server runs');
  },
  CreateExtensionStmt(_node, effects) {
    add(effects, 'exec', 'approve', 'sql.extension', 'loads code into the server');
  },
};
