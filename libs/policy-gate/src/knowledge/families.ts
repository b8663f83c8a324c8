import { ACCOUNTS } from './accounts.ts';
import { CLOUD } from './cloud.ts';
import { CONTAINERS } from './containers.ts';
import { DATABASES } from './databases.ts';
import { DISKS } from './disks.ts';
import { GIT } from './git.ts';
import { INFRASTRUCTURE } from './infrastructure.ts';
import type { Family } from './knowledge.ts';
import { KUBERNETES } from './kubernetes.ts';
import { PACKAGES } from './packages.ts';
import { SERVICES } from './services.ts';

/** Every family, in the order of the README. */
export const FAMILIES: readonly Family[] = [
  GIT,
  DISKS,
  SERVICES,
  ACCOUNTS,
  CONTAINERS,
  KUBERNETES,
  INFRASTRUCTURE,
  CLOUD,
  PACKAGES,
  DATABASES,
];
