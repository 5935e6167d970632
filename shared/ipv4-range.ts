import { isIPv4 } from 'node:net'

/** A range of IPv4 addresses, such as `10.43.0.0/16`; each has a place in it, from 0. */
export class Ipv4Range {
  readonly size: number
  readonly #first: number
  readonly #text: string

  private constructor(text: string, first: number, size: number) {
    this.#text = text
    this.#first = first
    this.size = size
  }

  /** Throws a RangeError that says what is wrong with the text. */
  static parse(text: string): Ipv4Range {
    const range = Ipv4Range.#read(text)
    if (typeof range === 'string') throw new RangeError(range)
    return range
  }

  /** Undefined for what is no such range. */
  static tryParse(text: string): Ipv4Range | undefined {
    const range = Ipv4Range.#read(text)
    return typeof range === 'string' ? undefined : range
  }

  /** The range, or what is wrong with the text. */
  static #read(text: string): Ipv4Range | string {
    const [address = '', length = ''] = text.split('/')
    const isRange = isIPv4(address) && /^(\d|[12]\d|3[0-2])$/.test(length) && text === `${address}/${length}`
    if (!isRange) return `${text} is no range of IPv4 addresses, such as 10.43.0.0/16`
    const size = 2 ** (32 - Number(length))
    const number = numberOf(address)
    const first = number - (number % size)
    if (first === number) return new Ipv4Range(text, first, size)
    return `${text} does not begin where a range of its size can: ${textOf(first)}/${length} does`
  }

  get prefixLength(): number {
    return 32 - Math.log2(this.size)
  }

  /** The address at a place. */
  at(place: number): string {
    return textOf(this.#first + place)
  }

  /** The place of an address; undefined outside the range, and for what is no address. */
  placeOf(address: string): number | undefined {
    const place = isIPv4(address) ? numberOf(address) - this.#first : -1
    return place >= 0 && place < this.size ? place : undefined
  }

  overlaps(other: Ipv4Range): boolean {
    return this.#first < other.#first + other.size && other.#first < this.#first + this.size
  }

  /** The smallest range that holds both. */
  spanning(other: Ipv4Range): Ipv4Range {
    const last = Math.max(this.#first + this.size, other.#first + other.size) - 1
    let size = Math.max(this.size, other.size)
    let first = Math.min(this.#first, other.#first)
    while (first - (first % size) + size <= last) size *= 2
    first -= first % size
    return new Ipv4Range(`${textOf(first)}/${32 - Math.log2(size)}`, first, size)
  }

  toString(): string {
    return this.#text
  }
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.')
}
