import { AGENT_ATTACKS } from './agent.ts';
import type { AttackFamily } from './attack.ts';
import { END_ATTACKS } from './end.ts';
import { FILE_ATTACKS } from './files.ts';
import { HOST_ATTACKS } from './host.ts';
import { KERNEL_ATTACKS } from './kernel.ts';
import { LIMIT_ATTACKS } from './limits.ts';
import { SIBLING_ATTACKS } from './siblings.ts';

export const ATTACK_FAMILIES: readonly AttackFamily[] = [
  HOST_ATTACKS,
  KERNEL_ATTACKS,
  SIBLING_ATTACKS,
  AGENT_ATTACKS,
  FILE_ATTACKS,
  LIMIT_ATTACKS,
  END_ATTACKS,
];
