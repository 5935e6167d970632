import { readFile } from 'node:fs/promises'

/** What a resolver is told: the lines of a `resolv.conf`. */
export interface ResolvConf {
  servers: string[]
  searches: string[]
  /** Such as `ndots:5`. */
  options: string[]
}

const USUAL = '/etc/resolv.conf'
/** Where systemd-resolved names the servers that its stub on the loopback asks. */
const BEHIND_STUB = '/run/systemd/resolve/resolv.conf'

/**
 * How this machine resolves names, as far as that is of use to a Pod: a server on the machine's loopback is not. Never
 * rejects: what cannot be read says nothing.
 */
export async function readResolvConf(path?: string): Promise<ResolvConf> {
  const usual = await read(path ?? USUAL)
  const isStub = path === undefined && usual.servers.length > 0 && usual.servers.every(isLoopback)
  const found = isStub ? await read(BEHIND_STUB) : usual
  return { ...found, servers: found.servers.filter((server) => !isLoopback(server)) }
}

/** As `readResolvConf`, for this process itself, which can ask a server on its loopback. Without it there is nobody to ask. */
export function readOwnResolvConf(path?: string): Promise<ResolvConf> {
  return read(path ?? USUAL)
}

export function parseResolvConf(text: string): ResolvConf {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/))
  const valuesOf = (keyword: string) => lines.filter(([first]) => first === keyword).map(([, ...rest]) => rest)
  return {
    servers: valuesOf('nameserver').flatMap(([server]) => (server ? [server] : [])),
    // Of several lines the last one counts.
    searches: valuesOf('search').at(-1) ?? [],
    options: valuesOf('options').flat(),
  }
}

async function read(path: string): Promise<ResolvConf> {
  return parseResolvConf(await readFile(path, 'utf8').catch(() => ''))
}

function isLoopback(server: string): boolean {
  return server.startsWith('127.') || server === '::1'
}
