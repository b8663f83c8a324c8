/**
 * An assembler for classic BPF, as far as seccomp needs it. Jumps are written as nested checks
 * and their offsets are computed, never typed: one wrong offset can allow everything.
 * Source: linux/filter.h, linux/seccomp.h, seccomp(2).
 */
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_OR_EQUAL = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

export const ALLOW = 0x7fff0000;
export const KILL_PROCESS = 0x80000000;
export const failWith = (errno: number): number => (0x00050000 | errno) >>> 0;

/** Offsets in `struct seccomp_data`, little-endian: the low half of an argument comes first. */
export const SYSCALL_NUMBER = 0;
export const ARCHITECTURE = 4;
export const argumentLow = (index: number): number => 16 + 8 * index;

export interface Instruction {
  code: number;
  whenTrue: number;
  whenFalse: number;
  operand: number;
}

type Comparison = 'equals' | 'at-least' | 'has-any-bit';

const JUMPS: Record<Comparison, number> = {
  equals: JUMP_EQUAL,
  'at-least': JUMP_GREATER_OR_EQUAL,
  'has-any-bit': JUMP_ANY_BIT,
};

export function load(offset: number): Instruction[] {
  return [{ code: LOAD_WORD, whenTrue: 0, whenFalse: 0, operand: offset }];
}

export function answer(value: number): Instruction[] {
  return [{ code: RETURN, whenTrue: 0, whenFalse: 0, operand: value }];
}

/** Runs `body` when the loaded word compares so; else goes on behind it. */
export function when(comparison: Comparison, operand: number, body: Instruction[]): Instruction[] {
  if (body.length > 255) throw new RangeError('a BPF jump reaches 255 instructions');
  return [
    { code: JUMPS[comparison], whenTrue: 0, whenFalse: body.length, operand: operand >>> 0 },
    ...body,
  ];
}

/** `struct sock_filter[]`: 8 bytes each, little-endian. */
export function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({ code, whenTrue, whenFalse, operand }, index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(whenTrue, index * 8 + 2);
    bytes.writeUInt8(whenFalse, index * 8 + 3);
    bytes.writeUInt32LE(operand >>> 0, index * 8 + 4);
  });
  return bytes;
}
