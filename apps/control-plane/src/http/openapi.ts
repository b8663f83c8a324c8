import { PROBLEM_STATUS, eventSchema, problemSchema } from '@ae/contracts';
import { z } from 'zod';
import type { Route } from './route.ts';

/** Base of every path of the API. */
export const API_BASE = '/api/v1/safety';

type JsonObject = Record<string, unknown>;

/** OpenAPI 3.1 made from the same rows as the router. */
export function openApiDocument(routes: readonly Route[], version: string): JsonObject {
  const components: Record<string, JsonObject> = {};
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output') => {
    const { $defs, ...json } = z.toJSONSchema(schema, { io }) as JsonObject & {
      $defs?: Record<string, JsonObject>;
    };
    delete json['$schema'];
    Object.assign(components, $defs);
    return relocate(json) as JsonObject;
  };
  const problem = { 'application/problem+json': { schema: schemaOf(problemSchema, 'output') } };

  const paths: Record<string, JsonObject> = {};
  for (const row of routes) {
    const codes = ['invalid_request', 'unauthenticated', 'forbidden', 'rate_limited'] as const;
    const statuses = new Map<number, string[]>();
    for (const code of [...codes, ...row.problems]) {
      const status = PROBLEM_STATUS[code];
      statuses.set(status, [...(statuses.get(status) ?? []), code]);
    }
    const responses: JsonObject = {
      [row.status]: {
        description: row.summary,
        ...(row.response
          ? { content: { 'application/json': { schema: schemaOf(row.response, 'output') } } }
          : {}),
      },
    };
    for (const [status, names] of statuses) {
      responses[status] = { description: [...new Set(names)].join(', '), content: problem };
    }
    const path = `${API_BASE}${row.path}`;
    paths[path] = {
      ...paths[path],
      [row.method]: {
        operationId: operationId(row),
        summary: row.summary,
        security: [{ apiKey: [] }],
        parameters: [...parameters(row, 'path', schemaOf), ...parameters(row, 'query', schemaOf)],
        ...(row.body
          ? {
              requestBody: {
                required: true,
                content: { 'application/json': { schema: schemaOf(row.body, 'input') } },
              },
            }
          : {}),
        responses,
      },
    };
  }
  paths[`${API_BASE}/events`] = eventsPath(schemaOf(eventSchema, 'output'), problem);

  return {
    openapi: '3.1.0',
    info: {
      title: 'AE Safety',
      version,
      description: 'Policy, budgets, guarded runs and their record. Money is USD, exact to 1e-6.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(components).map(([name, schema]) => [name, relocate(schema)]),
      ),
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operationId(row: Route): string {
  return `${row.method}${row.path}`
    .replaceAll(/[{}]/g, '')
    .replaceAll(/[/_-](\w)/g, (_, letter: string) => letter.toUpperCase());
}

function parameters(
  row: Route,
  place: 'path' | 'query',
  schemaOf: (schema: z.ZodType, io: 'input') => JsonObject,
): JsonObject[] {
  const schema = place === 'path' ? row.params : row.query;
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || !field.safeParse(undefined).success,
    schema: schemaOf(field, 'input'),
  }));
}

function eventsPath(event: JsonObject, problem: JsonObject): JsonObject {
  return {
    get: {
      operationId: 'getEvents',
      summary: 'Follow the log of events as text/event-stream; Last-Event-ID resumes.',
      security: [{ apiKey: [] }],
      parameters: [
        { name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } },
      ],
      responses: {
        200: {
          description: 'The `data` of each message is one event.',
          content: { 'text/event-stream': { schema: event } },
        },
        401: { description: 'unauthenticated', content: problem },
      },
    },
  };
}

/** Points `#/$defs/X` of a JSON Schema at the document's components. */
function relocate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocate);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === '$ref' && typeof item === 'string'
        ? item.replace('#/$defs/', '#/components/schemas/')
        : relocate(item),
    ]),
  );
}
