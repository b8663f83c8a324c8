import { eventLine, formatLine, LOG_LEVELS, type LogLine } from '../../logs/log-line.ts';
import { answerJson, Refusal } from '../answer.ts';
import { natural } from '../list-query.ts';
import { recordOf, type Call, type Route } from '../route.ts';

const MOST_LINES = 1_000;

function oneOf<T extends string>({ query }: Call, name: string, words: readonly T[]): T {
  const given = query.get(name) ?? words[0];
  const word = words.find((one) => one === given);
  if (word === undefined) throw new Refusal(400, `${name} must be one of ${words.join(', ')}`);
  return word;
}

/** What happened to a sandbox, oldest first. */
function linesOf(call: Call): LogLine[] {
  const { id } = recordOf(call);
  return call.registry.events.after(0, Infinity, id).map(eventLine);
}

function entry({ at, level, message, fields }: LogLine): Record<string, unknown> {
  return { timestamp: at, level, message, fields };
}

function logs(call: Call): void {
  const start = natural(call.query, 'start', 0);
  const limit = Math.min(natural(call.query, 'limit', MOST_LINES), MOST_LINES);
  const lines = linesOf(call)
    .filter(({ at }) => Date.parse(at) >= start)
    .slice(0, limit);
  answerJson(call.response, 200, {
    logs: lines.map((line) => ({ timestamp: line.at, line: formatLine(line) })),
    logEntries: lines.map(entry),
  });
}

function logsV2(call: Call): void {
  const backward = oneOf(call, 'direction', ['forward', 'backward']) === 'backward';
  const cursor = natural(call.query, 'cursor', backward ? Number.MAX_SAFE_INTEGER : 0);
  const limit = Math.min(natural(call.query, 'limit', MOST_LINES), MOST_LINES);
  const least = LOG_LEVELS.indexOf(oneOf(call, 'level', LOG_LEVELS));
  const search = call.query.get('search') ?? '';
  const lines = linesOf(call).filter(
    ({ at, level, message }) =>
      (backward ? Date.parse(at) <= cursor : Date.parse(at) >= cursor) &&
      LOG_LEVELS.indexOf(level) >= least &&
      message.includes(search),
  );
  const ordered = backward ? lines.toReversed() : lines;
  answerJson(call.response, 200, { logs: ordered.slice(0, limit).map(entry) });
}

export const logRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/sandboxes\/([^/]+)\/logs$/, handler: logs },
  { method: 'GET', path: /^\/v2\/sandboxes\/([^/]+)\/logs$/, handler: logsV2 },
];
