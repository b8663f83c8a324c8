import { CLOUD_RULES } from './cloud-rules.ts';
import { DEVELOPER_RULES } from './developer-rules.ts';
import { SERVICE_RULES } from './service-rules.ts';
import type { TokenRule } from './token-rule.ts';

/** Every token with a shape of its own that is known here. */
export const TOKEN_RULES: readonly TokenRule[] = [
  ...SERVICE_RULES,
  ...DEVELOPER_RULES,
  ...CLOUD_RULES,
];
