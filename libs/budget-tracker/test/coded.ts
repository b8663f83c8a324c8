/** Matches an error by its stable code and further properties: `rejects.toThrow(coded('...'))`. */
export function coded(code: string, more: object = {}): Error {
  return expect.objectContaining({ code, ...more }) as Error;
}
