import { compareStrings } from './compare-strings.ts'

/** Orders IP addresses; those of IPv4 by their numbers, so that `10.0.0.9` comes before `10.0.0.10`. */
export function compareAddresses(a: string, b: string): number {
  return compareStrings(sortableText(a), sortableText(b))
}

function sortableText(address: string): string {
  return address
    .split('.')
    .map((part) => part.padStart(3, '0'))
    .join('.')
}
