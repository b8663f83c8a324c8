import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

import type { ActionContext } from '../actions.ts';

/** An action, and what a guard should say about it. */
export interface LabelledAction {
  family: string;
  expected: 'allow' | 'approve' | 'deny';
  /** Everyday, but looks dangerous. */
  nearMiss: boolean;
  action: string;
  context: ActionContext;
}

type Item = string | Pick<LabelledAction, 'action' | 'context'>;
type Label = LabelledAction['expected'] | 'near_miss';

/**
 * This repository's own, by family: `actions` grew with the knowledge; `second` and `third` were
 * each written before they were run, and mended what they showed.
 */
export function ownActions(name: 'actions' | 'second' | 'third'): LabelledAction[] {
  const file = new URL(`../../bench/actions/${name}.yaml`, import.meta.url);
  const families = parse(readFileSync(file, 'utf8')) as Record<string, Record<Label, Item[]>>;
  return Object.entries(families).flatMap(([family, groups]) =>
    (Object.entries(groups) as [Label, Item[]][]).flatMap(([label, items]) =>
      items.map((item) => ({
        family,
        expected: label === 'near_miss' ? 'allow' : label,
        nearMiss: label === 'near_miss',
        ...(typeof item === 'string'
          ? { action: 'execute_code', context: { command: item } }
          : item),
      })),
    ),
  );
}
