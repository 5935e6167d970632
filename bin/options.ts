import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, normalize, resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { isNodeName } from '../shared/pki/node-identity.ts'
import { isQuantity } from '../shared/quantity.ts'
import { sysctlName, sysctlNamespace } from '../shared/sysctls.ts'

export const DEFAULT_PORT = 7443

/** `--data`, else `KUBETTE_DATA`, else `~/.kubette`. */
export function dataDirectory(option: string | undefined): string {
  return resolve(option ?? process.env.KUBETTE_DATA ?? join(homedir(), '.kubette'))
}

export function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is from 1 to 65535.')
  return port
}

/** A count from 1 to `most`. */
export function parseCount(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text)
    if (!/^\d+$/.test(text) || count < 1 || count > most)
      throw new InvalidArgumentError(`give a number from 1 to ${most}.`)
    return count
  }
}

const UNITS_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `30m`, `24h`, `7d` or `0`, in milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(?:(\d+)([smhd])|0)$/.exec(text)
  if (!match) throw new InvalidArgumentError('give a duration such as 90s, 30m, 24h or 7d.')
  return Number(match[1] ?? 0) * (UNITS_MS[match[2] ?? 's'] ?? 0)
}

export function parseNodeName(text: string): string {
  if (!isNodeName(text)) {
    throw new InvalidArgumentError("a node's name has at most 63 lower-case letters, digits, '-' and '.'.")
  }
  return text
}

/** `cpu=2,memory=4Gi,pods=50`: what a node offers, each a Kubernetes quantity. */
export function parseCapacity(text: string): Record<string, string> {
  return parseAmounts(text, ['cpu', 'memory', 'pods'])
}

/** `name=quantity` pairs, of these names only. */
export function parseAmounts(text: string, names: readonly string[]): Record<string, string> {
  const pairs = parsePairs(text)
  for (const [name, quantity] of Object.entries(pairs)) {
    if (!names.includes(name)) {
      throw new InvalidArgumentError(`${name} is not ${names.slice(0, -1).join(', ')} or ${names.at(-1)}.`)
    }
    if (!isQuantity(quantity) || quantity.startsWith('-')) {
      throw new InvalidArgumentError(`${quantity} is not a quantity, such as 2, 500m or 4Gi.`)
    }
  }
  return pairs
}

/** `kernel.msg*,net.core.somaxconn`: parameters of a Pod's own namespaces; a `*` at the end stands for any ending. */
export function parseSysctls(text: string): string[] {
  return text.split(',').map((pattern) => {
    const name = sysctlName(pattern.trim())
    if (!/^[a-z0-9][-_a-z0-9./]*\*?$/.test(name)) throw new InvalidArgumentError(`${pattern} is no kernel parameter.`)
    if (!sysctlNamespace(name)) throw new InvalidArgumentError(`${name} is the whole machine's, not a Pod's.`)
    return name
  })
}

export function existingDirectory(text: string): string {
  const path = resolve(text)
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new InvalidArgumentError(`${path} is no directory.`)
  return path
}

/** One more absolute path. */
export function collectHostPath(text: string, before: readonly string[]): string[] {
  if (!text.startsWith('/')) throw new InvalidArgumentError('give an absolute path, such as /var/run/docker.sock.')
  return [...before, normalize(text)]
}

/** `a=b,c=d` */
export function parsePairs(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => {
    const [name, value] = pair.split('=')
    if (!name || value === undefined) throw new InvalidArgumentError('give name=value pairs, separated by commas.')
    return [name, value] as const
  })
  return Object.fromEntries(pairs)
}

export function parseServerUrl(text: string): string {
  const url = URL.parse?.(text) ?? (URL.canParse(text) ? new URL(text) : null)
  if (url?.protocol !== 'https:') throw new InvalidArgumentError('give an address such as https://10.0.0.5:7443.')
  return url.origin
}
