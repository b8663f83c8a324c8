import { AI_RULES } from './ai-rules.ts';
import { CLOUD_RULES } from './cloud-rules.ts';
import { DEVELOPER_RULES } from './developer-rules.ts';
import { PAYMENT_RULES } from './payment-rules.ts';
import { PLATFORM_RULES } from './platform-rules.ts';
import { PROTOCOL_RULES } from './protocol-rules.ts';
import { SERVICE_RULES } from './service-rules.ts';
import { WEB_RULES } from './web-rules.ts';
import type { TokenRule } from './token-rule.ts';

/** Every token with a shape of its own that is known here. */
export const TOKEN_RULES: readonly TokenRule[] = [
  ...SERVICE_RULES,
  ...DEVELOPER_RULES,
  ...CLOUD_RULES,
  ...AI_RULES,
  ...PAYMENT_RULES,
  ...WEB_RULES,
  ...PLATFORM_RULES,
  ...PROTOCOL_RULES,
];
