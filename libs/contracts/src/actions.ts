import { z } from 'zod';

/** What an agent may wish to do. */
export const ACTIONS = [
  'execute_code',
  'deploy',
  'create_billing',
  'delete_files',
  'network_access',
  'write_files',
  'read_files',
  'query_database',
  'call_tool',
] as const;

export const actionSchema = z.enum(ACTIONS).meta({ example: 'execute_code' });
export type Action = z.infer<typeof actionSchema>;

export const AGENT_TIERS = ['interactive', 'subagent', 'background', 'api'] as const;

export const agentSchema = z
  .strictObject({
    name: z.string().min(1).max(128).optional(),
    tier: z.enum(AGENT_TIERS).optional(),
  })
  .meta({ description: 'The agent that acts.', example: { name: 'builder', tier: 'background' } });
export type Agent = z.infer<typeof agentSchema>;

const text = z.string().max(1_048_576);
const shortText = z.string().max(4096);

/** What the policy looks at. Each action uses the fields that concern it. */
export const actionContextSchema = z
  .strictObject({
    command: text.optional(),
    cwd: shortText.optional(),
    home: shortText.optional(),
    code: text.optional(),
    language: z.string().max(64).optional(),
    sql: text.optional(),
    dialect: z.string().max(64).optional(),
    url: z.string().max(16_384).optional(),
    method: z.string().max(16).optional(),
    body: text.optional().meta({ description: 'What a request would send.' }),
    allowlist: z.array(z.string().max(253)).max(256).optional(),
    paths: z.array(shortText).max(1024).optional(),
    recursive: z.boolean().optional(),
    content: text.optional(),
    environment: z.string().max(128).optional(),
    tool: z.string().max(256).optional(),
    arguments: z.unknown().optional(),
  })
  .meta({ description: 'What the action is about.', example: { command: 'npm test' } });
export type ActionContext = z.infer<typeof actionContextSchema>;
