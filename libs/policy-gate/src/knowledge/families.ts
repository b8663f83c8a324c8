import { ACCOUNTS } from './accounts.ts';
import { CREDENTIALS } from './credentials.ts';
import { EVASION } from './evasion.ts';
import { EXFILTRATION } from './exfiltration.ts';
import { PERSISTENCE } from './persistence.ts';
import { SELF_PROTECTION } from './self-protection.ts';
import { AWS } from './aws.ts';
import { AZURE } from './azure.ts';
import { GCP } from './gcp.ts';
import { PLATFORMS } from './platforms.ts';
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
  AWS,
  GCP,
  AZURE,
  PLATFORMS,
  PACKAGES,
  DATABASES,
  CREDENTIALS,
  PERSISTENCE,
  EXFILTRATION,
  EVASION,
  SELF_PROTECTION,
];
