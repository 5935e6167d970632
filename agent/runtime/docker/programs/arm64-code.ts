import { u32 } from './elf-executable.ts'
import { MachineCode } from './machine-code.ts'

/** `x0` to `x8` are for calls of the kernel, which keeps all but `x0`. */
export type Register = `x${number}` | 'sp'

const CONDITIONS = { equal: 0, notEqual: 1, negative: 4, notPositive: 13, notAbove: 9 }

/** The few instructions of arm64 that the programs are made of. */
export class Arm64Code extends MachineCode {
  /** Calls the kernel; numbers and registers are its arguments, in order. An argument's register must not be overwritten by one before it. */
  syscall(number: number, ...values: (number | Register)[]): this {
    values.forEach((value, index) => {
      if (value === `x${index}`) return
      typeof value === 'number' ? this.set(`x${index}`, value) : this.move(`x${index}`, value)
    })
    return this.set('x8', number).#word(0xd4000001)
  }

  /** Unsigned 32 bits. */
  set(register: Register, value: number): this {
    this.#word(0xd2800000 | ((value & 0xffff) << 5) | numberOf(register))
    return value > 0xffff ? this.#word(0xf2a00000 | ((value >>> 16) << 5) | numberOf(register)) : this
  }

  move(to: Register, from: Register): this {
    // The stack pointer can only be moved by adding nothing to it.
    if (from === 'sp' || to === 'sp') return this.#word(0x91000000 | (numberOf(from) << 5) | numberOf(to))
    return this.#word(0xaa0003e0 | (numberOf(from) << 16) | numberOf(to))
  }

  add(to: Register, what: Register): this {
    return this.#word(0x8b000000 | (numberOf(what) << 16) | (numberOf(to) << 5) | numberOf(to))
  }

  subtract(from: Register, what: Register): this {
    return this.#word(0xcb000000 | (numberOf(what) << 16) | (numberOf(from) << 5) | numberOf(from))
  }

  and(to: Register, what: Register): this {
    return this.#word(0x8a000000 | (numberOf(what) << 16) | (numberOf(to) << 5) | numberOf(to))
  }

  or(to: Register, what: Register): this {
    return this.#word(0xaa000000 | (numberOf(what) << 16) | (numberOf(to) << 5) | numberOf(to))
  }

  /** `to` = `from` + value, of 12 bits, or a multiple of 4096 of 24 bits. */
  addNumber(to: Register, from: Register, value: number): this {
    return this.#word(0x91000000 | immediate(value) | (numberOf(from) << 5) | numberOf(to))
  }

  subtractNumber(to: Register, from: Register, value: number): this {
    return this.#word(0xd1000000 | immediate(value) | (numberOf(from) << 5) | numberOf(to))
  }

  compareNumber(register: Register, value: number): this {
    return this.#word(0xf100001f | immediate(value) | (numberOf(register) << 5))
  }

  multiply(to: Register, what: Register): this {
    return this.#word(0x9b007c00 | (numberOf(what) << 16) | (numberOf(to) << 5) | numberOf(to))
  }

  negate(register: Register): this {
    return this.#word(0xcb0003e0 | (numberOf(register) << 16) | numberOf(register))
  }

  /** Of each 16 bits of the lower 32. */
  swapBytes16(register: Register): this {
    return this.#word(0x5ac00400 | (numberOf(register) << 5) | numberOf(register))
  }

  loadByte(to: Register, address: Register): this {
    return this.#word(0x39400000 | (numberOf(address) << 5) | numberOf(to))
  }

  /** 16 bits so many bytes, an even number, after an address. */
  loadHalf(to: Register, address: Register, offset: number): this {
    return this.#word(0x79400000 | ((offset >> 1) << 10) | (numberOf(address) << 5) | numberOf(to))
  }

  /** 64 bits at an address. */
  load(to: Register, address: Register): this {
    return this.#word(0xf9400000 | (numberOf(address) << 5) | numberOf(to))
  }

  /** `offset` in bytes, a multiple of the width. */
  loadFromStack(to: Register, offset: number, bits: 32 | 64): this {
    const [operation, shift] = bits === 64 ? [0xf94003e0, 3] : [0xb94003e0, 2]
    return this.#word(operation | ((offset >> shift) << 10) | numberOf(to))
  }

  storeOnStack(from: Register, offset: number, bits: 16 | 32 | 64): this {
    const [operation, shift] = bits === 64 ? [0xf90003e0, 3] : bits === 32 ? [0xb90003e0, 2] : [0x790003e0, 1]
    return this.#word(operation | ((offset >> shift) << 10) | numberOf(from))
  }

  addressOf(register: Register, label: string): this {
    return this.#relative(label, 0x10000000 | numberOf(register), (distance) => {
      return ((distance & 3) << 29) | (((distance >> 2) & 0x7ffff) << 5)
    })
  }

  jump(label: string): this {
    return this.#relative(label, 0x14000000, (distance) => (distance >> 2) & 0x3ffffff)
  }

  jumpIf(condition: keyof typeof CONDITIONS, label: string): this {
    return this.#relative(label, 0x54000000 | CONDITIONS[condition], (distance) => ((distance >> 2) & 0x7ffff) << 5)
  }

  #relative(label: string, instruction: number, bits: (distance: number) => number): this {
    this.use(label, (code, at, distance) => code.writeUInt32LE((instruction | bits(distance)) >>> 0, at))
    return this.#word(instruction)
  }

  #word(instruction: number): this {
    return this.write(u32(instruction))
  }
}

function numberOf(register: Register): number {
  return register === 'sp' ? 31 : Number(register.slice(1))
}

function immediate(value: number): number {
  return value < 4096 ? value << 10 : (1 << 22) | ((value >> 12) << 10)
}
