import { AI_RULES } from './ai-rules.ts';
import { APP_RULES } from './app-rules.ts';
import { BUILD_RULES } from './build-rules.ts';
import { CLOUD_RULES } from './cloud-rules.ts';
import { DATA_RULES } from './data-rules.ts';
import { DEVELOPER_RULES } from './developer-rules.ts';
import { IDENTITY_RULES } from './identity-rules.ts';
import { PAYMENT_RULES } from './payment-rules.ts';
import { PLATFORM_RULES } from './platform-rules.ts';
import { PROTOCOL_RULES } from './protocol-rules.ts';
import { SERVICE_RULES } from './service-rules.ts';
import { WALLET_RULES } from './wallet-rules.ts';
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
  ...WALLET_RULES,
  ...IDENTITY_RULES,
  ...DATA_RULES,
  ...BUILD_RULES,
  ...APP_RULES,
];
