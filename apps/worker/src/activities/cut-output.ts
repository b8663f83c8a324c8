import type { ExecutionResult } from '@ae/contracts';

/** Of each stream, and of all streams of one activity together, in bytes of JSON. */
const MAX_STREAM_BYTES = 256 * 1024;
const MAX_TOTAL_BYTES = 1024 * 1024;
/** What one UTF-16 unit takes at most in JSON: `\u0000`. */
const MAX_JSON_BYTES = 6;

/**
 * Cuts what a command printed to what one history event can carry (Temporal refuses payloads above
 * 2 MB). The beginning is kept; `truncated` tells that there was more.
 * @param results how many results share the activity's answer
 */
export function cutOutput(result: ExecutionResult, results: number): ExecutionResult {
  const limit = Math.min(MAX_STREAM_BYTES, Math.floor(MAX_TOTAL_BYTES / (2 * results)));
  const stdout = cutText(result.stdout, limit);
  const stderr = cutText(result.stderr, limit);
  const wasCut = stdout.length < result.stdout.length || stderr.length < result.stderr.length;
  return { ...result, stdout, stderr, ...(wasCut ? { truncated: true } : {}) };
}

/** The longest beginning of `text` that takes at most `limit` bytes as JSON, cut between characters. */
export function cutText(text: string, limit: number): string {
  if (text.length * MAX_JSON_BYTES + 2 <= limit) return text;
  let bytes = 2;
  let length = 0;
  for (const character of text) {
    bytes += jsonBytes(character);
    if (bytes > limit) return text.slice(0, length);
    length += character.length;
  }
  return text;
}

/** What one character takes within a JSON string. */
function jsonBytes(character: string): number {
  return Buffer.byteLength(JSON.stringify(character)) - 2;
}
