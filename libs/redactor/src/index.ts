export type { RedactionFinding, RedactionVerdict, UninspectedText } from './finding.ts';
export type { RedactionStream } from './engine/redaction-stream.ts';
export { Redactor } from './redactor.ts';
export type { RedactorOptions, RegisterSecretOptions } from './redactor.ts';
export { RedactorError } from './redactor-error.ts';
export type { RedactorErrorCode } from './redactor-error.ts';
