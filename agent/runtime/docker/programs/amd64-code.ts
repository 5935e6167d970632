import { u32 } from './elf-executable.ts'
import { MachineCode, type Register, type Relation } from './machine-code.ts'

/** By their number in instructions. `rcx` and `r11` are the kernel's at each call. */
const MACHINE_REGISTERS = {
  rax: 0,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
}
type MachineRegister = keyof typeof MACHINE_REGISTERS

const REGISTERS: Readonly<Record<Register, MachineRegister>> = {
  r0: 'rbx',
  r1: 'rbp',
  r2: 'r12',
  r3: 'r13',
  r4: 'r14',
  r5: 'r15',
  result: 'rax',
  stack: 'rsp',
}
const ARGUMENTS = ['rdi', 'rsi', 'rdx', 'r10', 'r8', 'r9'] as const

const CONDITIONS = { equal: 0x84, notEqual: 0x85, less: 0x8c, notLess: 0x8d, notGreater: 0x8e, greater: 0x8f }
/** Prefixes: an instruction of the extended set, and whether its operand has 64 bits. */
const EXTENDED = 0x40
const WIDE = 0x48

export class Amd64Code extends MachineCode {
  constructor() {
    super('amd64')
  }

  set(to: Register, value: number): this {
    return this.#set(numberOf(to), value)
  }

  move(to: Register, from: Register): this {
    return this.#between(0x89, numberOf(from), numberOf(to))
  }

  add(to: Register, what: Register | number): this {
    if (typeof what === 'number') return this.#withNumber(0, to, what)
    return this.#between(0x01, numberOf(what), numberOf(to))
  }

  subtract(from: Register, what: Register | number): this {
    if (typeof what === 'number') return this.#withNumber(5, from, what)
    return this.#between(0x29, numberOf(what), numberOf(from))
  }

  and(to: Register, what: number): this {
    return this.#withNumber(4, to, what)
  }

  or(to: Register, what: number): this {
    return this.#withNumber(1, to, what)
  }

  multiply(to: Register, by: number): this {
    const n = numberOf(to)
    return this.write(WIDE | (n >> 3 ? 5 : 0), 0x69, 0xc0 | ((n & 7) << 3) | (n & 7), u32(by))
  }

  swapBytes16(register: Register): this {
    const n = numberOf(register)
    return this.write(0x66, EXTENDED | (n >> 3), 0xc1, 0xc0 | (n & 7), 8)
  }

  load(to: Register, base: Register, offset: number, bits: 8 | 16 | 32 | 64): this {
    if (bits === 64) return this.#inMemory(WIDE, [0x8b], to, base, offset)
    const operation = bits === 8 ? [0x0f, 0xb6] : bits === 16 ? [0x0f, 0xb7] : [0x8b]
    return this.#inMemory(EXTENDED, operation, to, base, offset)
  }

  loadSigned32(to: Register, base: Register, offset: number): this {
    return this.#inMemory(WIDE, [0x63], to, base, offset)
  }

  store(from: Register, base: Register, offset: number, bits: 8 | 16 | 32 | 64): this {
    if (bits === 16) this.write(0x66)
    return this.#inMemory(bits === 64 ? WIDE : EXTENDED, [bits === 8 ? 0x88 : 0x89], from, base, offset)
  }

  addressOf(to: Register, label: string): this {
    const n = numberOf(to)
    this.write(WIDE | ((n >> 3) << 2), 0x8d, 0x05 | ((n & 7) << 3))
    return this.#relative(label)
  }

  jump(label: string): this {
    return this.write(0xe9).#relative(label)
  }

  jumpIf(left: Register, relation: Relation, right: Register | number, label: string): this {
    if (typeof right === 'number') this.#withNumber(7, left, right)
    else this.#between(0x39, numberOf(right), numberOf(left))
    return this.write(0x0f, CONDITIONS[relation]).#relative(label)
  }

  protected callKernel(number: number, values: (number | Register)[]): this {
    values.forEach((value, index) => {
      const argument = MACHINE_REGISTERS[ARGUMENTS[index] as MachineRegister]
      if (typeof value === 'number') this.#set(argument, value)
      else this.#between(0x89, numberOf(value), argument)
    })
    return this.set('result', number).write(0x0f, 0x05)
  }

  #set(n: number, value: number): this {
    if (value < 0) return this.write(WIDE | (n >> 3), 0xc7, 0xc0 | (n & 7), u32(value))
    return n < 8 ? this.write(0xb8 + n, u32(value)) : this.write(0x41, 0xb8 + (n & 7), u32(value))
  }

  #relative(label: string): this {
    // Counted from the next instruction, which follows these four bytes.
    this.use(label, (code, at, distance) => code.writeInt32LE(distance - 4, at))
    return this.write(u32(0))
  }

  #between(operation: number, n: number, other: number): this {
    return this.write(WIDE | ((n >> 3) << 2) | (other >> 3), operation, 0xc0 | ((n & 7) << 3) | (other & 7))
  }

  #withNumber(operation: number, register: Register, value: number): this {
    const n = numberOf(register)
    return this.write(WIDE | (n >> 3), 0x81, 0xc0 | (operation << 3) | (n & 7), u32(value))
  }

  #inMemory(prefix: number, operation: number[], register: Register, base: Register, offset: number): this {
    const [n, b] = [numberOf(register), numberOf(base)]
    this.write(prefix | ((n >> 3) << 2) | (b >> 3), ...operation, 0x80 | ((n & 7) << 3) | (b & 7))
    // The number of the stack pointer says here that another byte follows.
    if ((b & 7) === MACHINE_REGISTERS.rsp) this.write(0x24)
    return this.write(u32(offset))
  }
}

function numberOf(register: Register): number {
  return MACHINE_REGISTERS[REGISTERS[register]]
}
