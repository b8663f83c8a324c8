/**
 * A whole ELF program of one 32-bit system call: no compiler is needed in a guest to try what a
 * filter for 64-bit calls would not see. Layout: elf(5).
 */

const LOAD_ADDRESS = 0x400000;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MACHINE_X86_64 = 62;
const READ_AND_EXECUTE = 5;

/** Exits with the errno of the call, or 0 when it was made. */
function code(call: number, argument: number): Buffer {
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  return Buffer.concat([
    Buffer.from([0xb8]), // mov eax, call
    word(call),
    Buffer.from([0xbb]), // mov ebx, argument
    word(argument),
    Buffer.from([0x31, 0xc9, 0x31, 0xd2, 0x31, 0xf6, 0x31, 0xff]), // clear ecx, edx, esi, edi
    Buffer.from([0xcd, 0x80]), // int 0x80
    Buffer.from([0x31, 0xff]), // xor edi, edi
    Buffer.from([0x85, 0xc0]), // test eax, eax
    Buffer.from([0x79, 0x04]), // jns over the next two
    Buffer.from([0xf7, 0xd8]), // neg eax
    Buffer.from([0x89, 0xc7]), // mov edi, eax
    Buffer.from([0xb8]), // mov eax, exit
    word(60),
    Buffer.from([0x0f, 0x05]), // syscall
  ]);
}

export function foreignCallProgram(call: number, argument: number): Buffer {
  const body = code(call, argument);
  const start = HEADER_BYTES + PROGRAM_HEADER_BYTES;
  const header = Buffer.alloc(start);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(2, 16); // a program
  header.writeUInt16LE(MACHINE_X86_64, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS + start), 24);
  header.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  header.writeUInt16LE(HEADER_BYTES, 52);
  header.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // loaded
  header.writeUInt32LE(READ_AND_EXECUTE, 68);
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 80);
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 88);
  header.writeBigUInt64LE(BigInt(start + body.length), 96);
  header.writeBigUInt64LE(BigInt(start + body.length), 104);
  header.writeBigUInt64LE(4096n, 112);
  return Buffer.concat([header, body]);
}
