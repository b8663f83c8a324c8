import { readFileSync, readdirSync } from 'node:fs';

/** Ids of the processes that `pid` started and has not reaped; none when it is gone. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1')
        .split(' ')
        .filter((text) => text.trim() !== '')
        .map(Number),
    );
  } catch {
    return [];
  }
}

/** Ids of a process and of all below it. */
export function treeOf(root: number): number[] {
  const tree = [root];
  for (let index = 0; index < tree.length; index += 1) {
    tree.push(...childrenOf(tree[index] ?? 0));
  }
  return tree;
}
