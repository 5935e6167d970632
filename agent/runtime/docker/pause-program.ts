/**
 * The program of a sandbox, as machine code. It holds the Pod's namespaces and does nothing else:
 *
 *   rt_sigaction(SIGCHLD, ignore)             so that the kernel buries orphans that come to it
 *   rt_sigprocmask(block TERM and INT)        a blocked signal is kept, even for a process 1 that has no handler
 *   do { n = rt_sigtimedwait({TERM, INT}, forever) } while (n < 0)
 *   exit_group(0)
 */
export type Architecture = 'amd64' | 'arm64'

const SIGINT = 2
const SIGTERM = 15
const SIGCHLD = 17
const SIG_IGN = 1
const SIG_BLOCK = 0
const SIGSET_BYTES = 8

/** `struct sigaction` as the kernel has it (handler, flags, restorer, mask), and after it the set of signals. */
const ACTION = 0
const SIGNALS = 32
const DATA = Buffer.concat([u64(SIG_IGN), u64(0), u64(0), u64(0), u64((1 << (SIGTERM - 1)) | (1 << (SIGINT - 1)))])

const LOAD_ADDRESS = 0x400000
const HEADERS_BYTES = 64 + 56

/** A static ELF executable: one segment with headers, code and data. */
export function pauseProgram(architecture: Architecture): Buffer {
  const code = architecture === 'amd64' ? amd64Code() : arm64Code()
  const size = HEADERS_BYTES + code.length + DATA.length
  const identity = Buffer.from('7f454c46020101000000000000000000', 'hex')
  const machine = architecture === 'amd64' ? 62 : 183
  const header = [
    ...[identity, u16(2), u16(machine), u32(1), u64(LOAD_ADDRESS + HEADERS_BYTES), u64(64), u64(0), u32(0)],
    ...[u16(64), u16(56), u16(1), u16(0), u16(0), u16(0)],
  ]
  const readAndExecute = 5
  const segment = [
    ...[u32(1), u32(readAndExecute), u64(0), u64(LOAD_ADDRESS), u64(LOAD_ADDRESS)],
    ...[u64(size), u64(size), u64(0x1000)],
  ]
  return Buffer.concat([...header, ...segment, code, DATA])
}

function amd64Code(): Buffer {
  const size = 88
  const code: number[] = []
  const emit = (...bytes: (number | Buffer)[]) => {
    for (const piece of bytes) code.push(...(typeof piece === 'number' ? [piece] : piece))
  }
  const moveEax = (value: number) => emit(0xb8, u32(value))
  const moveEdi = (value: number) => emit(0xbf, u32(value))
  const moveR10d = (value: number) => emit(0x41, 0xba, u32(value))
  const zeroEdi = () => emit(0x31, 0xff)
  const zeroEsi = () => emit(0x31, 0xf6)
  const zeroEdx = () => emit(0x31, 0xd2)
  const syscall = () => emit(0x0f, 0x05)
  /** `lea`, relative to the next instruction. */
  const address = (register: 'rsi' | 'rdi', offset: number) => {
    emit(0x48, 0x8d, register === 'rsi' ? 0x35 : 0x3d)
    emit(u32(size + offset - (code.length + 4)))
  }
  moveEax(13)
  moveEdi(SIGCHLD)
  address('rsi', ACTION)
  zeroEdx()
  moveR10d(SIGSET_BYTES)
  syscall()
  moveEax(14)
  zeroEdi()
  address('rsi', SIGNALS)
  zeroEdx()
  moveR10d(SIGSET_BYTES)
  syscall()
  const loop = code.length
  moveEax(128)
  address('rdi', SIGNALS)
  zeroEsi()
  zeroEdx()
  moveR10d(SIGSET_BYTES)
  syscall()
  emit(0x85, 0xc0)
  emit(0x78, (loop - (code.length + 2)) & 0xff)
  moveEax(231)
  zeroEdi()
  syscall()
  while (code.length < size) emit(0x90)
  return Buffer.from(code)
}

function arm64Code(): Buffer {
  const count = 20
  const code: number[] = []
  const move = (register: number, value: number) => code.push(0xd2800000 | (value << 5) | register)
  /** `adr`, relative to this instruction. */
  const address = (register: number, offset: number) => {
    const distance = (count - code.length) * 4 + offset
    code.push(0x10000000 | ((distance & 3) << 29) | ((distance >> 2) << 5) | register)
  }
  const call = (number: number) => {
    move(8, number)
    code.push(0xd4000001)
  }
  move(0, SIGCHLD)
  address(1, ACTION)
  move(2, 0)
  move(3, SIGSET_BYTES)
  call(134)
  move(0, SIG_BLOCK)
  address(1, SIGNALS)
  move(2, 0)
  call(135)
  const loop = code.length
  address(0, SIGNALS)
  move(1, 0)
  move(2, 0)
  call(137)
  const negative = 31
  code.push(0x37000000 | (negative << 19) | (((loop - code.length) & 0x3fff) << 5))
  move(0, 0)
  call(94)
  while (code.length < count) code.push(0xd503201f)
  return Buffer.concat(code.map(u32))
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
