import { u32 } from './elf-executable.ts'
import { MachineCode } from './machine-code.ts'

/** By their number in instructions. `rcx` and `r11` are the kernel's at each call. */
const REGISTERS = {
  rax: 0,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r10: 10,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
}
export type Register = keyof typeof REGISTERS
const ARGUMENTS = ['rdi', 'rsi', 'rdx', 'r10', 'r8'] as const

const CONDITIONS = { equal: 0x84, notEqual: 0x85, negative: 0x88, notPositive: 0x8e, notAbove: 0x86 }

/** The few instructions of amd64 that the programs are made of; registers are 64 bits wide unless told otherwise. */
export class Amd64Code extends MachineCode {
  /** Calls the kernel; numbers and registers are its arguments, in order. An argument's register must not be overwritten by one before it. */
  syscall(number: number, ...values: (number | Register)[]): this {
    values.forEach((value, index) => {
      const register = ARGUMENTS[index]
      if (register === undefined) throw new RangeError('a call has at most five arguments here')
      if (value !== register) typeof value === 'number' ? this.set(register, value) : this.move(register, value)
    })
    return this.set('rax', number).write(0x0f, 0x05)
  }

  /** Unsigned 32 bits. */
  set(register: Register, value: number): this {
    const n = REGISTERS[register]
    return n < 8 ? this.write(0xb8 + n, u32(value)) : this.write(0x41, 0xb8 + (n & 7), u32(value))
  }

  move(to: Register, from: Register): this {
    return this.#between(0x89, from, to)
  }

  add(to: Register, from: Register): this {
    return this.#between(0x01, from, to)
  }

  subtract(from: Register, what: Register): this {
    return this.#between(0x29, what, from)
  }

  addNumber(to: Register, value: number): this {
    return this.#withNumber(0, to, value)
  }

  subtractNumber(from: Register, value: number): this {
    return this.#withNumber(5, from, value)
  }

  compareNumber(register: Register, value: number): this {
    return this.#withNumber(7, register, value)
  }

  /** Of 31 bits. */
  andNumber(to: Register, value: number): this {
    return this.#withNumber(4, to, value)
  }

  /** Of 31 bits. */
  orNumber(to: Register, value: number): this {
    return this.#withNumber(1, to, value)
  }

  multiplyByNumber(register: Register, value: number): this {
    const n = REGISTERS[register]
    return this.write(0x48 | (n >> 3 ? 5 : 0), 0x69, 0xc0 | ((n & 7) << 3) | (n & 7), u32(value))
  }

  negate(register: Register): this {
    const n = REGISTERS[register]
    return this.write(0x48 | (n >> 3), 0xf7, 0xd8 | (n & 7))
  }

  /** Of the lower 16 bits. */
  swapBytes16(register: 'rbp'): this {
    return this.write(0x66, 0xc1, 0xc0 | REGISTERS[register], 8)
  }

  /** One byte at the address in `rsi`. */
  loadByteAtRsi(to: 'rax'): this {
    return this.write(0x0f, 0xb6, 0x06 | (REGISTERS[to] << 3))
  }

  /** 16 bits so many bytes after the address in `rsi`. */
  loadHalfAtRsi(to: 'rax', offset: number): this {
    return this.write(0x0f, 0xb7, 0x46 | (REGISTERS[to] << 3), offset)
  }

  loadFromStack(to: Register, offset: number, bits: 32 | 64): this {
    return this.#onStack(0x8b, to, offset, bits)
  }

  storeOnStack(from: Register, offset: number, bits: 16 | 32 | 64): this {
    if (bits === 16) this.write(0x66)
    return this.#onStack(0x89, from, offset, bits)
  }

  addressOf(register: 'rsi' | 'rdi', label: string): this {
    this.write(0x48, 0x8d, 0x05 | (REGISTERS[register] << 3))
    return this.#relative(label)
  }

  addressOnStack(register: Register, offset: number): this {
    return this.#onStack(0x8d, register, offset, 64)
  }

  test(register: Register): this {
    return this.#between(0x85, register, register)
  }

  jump(label: string): this {
    this.write(0xe9)
    return this.#relative(label)
  }

  jumpIf(condition: keyof typeof CONDITIONS, label: string): this {
    this.write(0x0f, CONDITIONS[condition])
    return this.#relative(label)
  }

  #relative(label: string): this {
    // Counted from the next instruction, which follows these four bytes.
    this.use(label, (code, at, distance) => code.writeInt32LE(distance - 4, at))
    return this.write(u32(0))
  }

  #between(operation: number, register: Register, other: Register): this {
    const [r, b] = [REGISTERS[register], REGISTERS[other]]
    return this.write(0x48 | ((r >> 3) << 2) | (b >> 3), operation, 0xc0 | ((r & 7) << 3) | (b & 7))
  }

  #withNumber(operation: number, register: Register, value: number): this {
    const n = REGISTERS[register]
    return this.write(0x48 | (n >> 3), 0x81, 0xc0 | (operation << 3) | (n & 7), u32(value))
  }

  #onStack(operation: number, register: Register, offset: number, bits: 16 | 32 | 64): this {
    const n = REGISTERS[register]
    const prefix = (bits === 64 ? 0x48 : 0x40) | ((n >> 3) << 2)
    return this.write(prefix, operation, 0x84 | ((n & 7) << 3), 0x24, u32(offset))
  }
}
