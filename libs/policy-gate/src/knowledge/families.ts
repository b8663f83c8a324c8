import { GIT } from './git.ts';
import type { Family } from './knowledge.ts';

/** Every family, in the order of the README. */
export const FAMILIES: readonly Family[] = [GIT];
