import type { PublishedPort } from '../../runtime/runtime.ts'

const PREFIX = 'node-ports-'
const LETTERS = { TCP: 't', UDP: 'u', SCTP: 's' } as const
const PROTOCOLS: Readonly<Record<string, PublishedPort['protocol']>> = { t: 'TCP', u: 'UDP' }

export interface NodePortsName {
  readonly serviceUid: string
  readonly ports: readonly PublishedPort[]
}

/** Says which port a container publishes for which Service: `node-ports-UID.30080t`, or `node-ports-UID.80t-192.168.1.5`. */
export function nodePortName(serviceUid: string, port: PublishedPort): string {
  return `${PREFIX}${serviceUid}.${portKey(port)}`
}

/** Undefined for other containers. Earlier versions gave a container several ports: `node-ports-UID.30080t_53u`. */
export function parseNodePortsName(name: string): NodePortsName | undefined {
  if (!name.startsWith(PREFIX)) return undefined
  const dot = name.indexOf('.')
  const ports = name
    .slice(dot + 1)
    .split('_')
    .map(parsePort)
  return { serviceUid: name.slice(PREFIX.length, dot), ports: ports.filter((port) => port !== undefined) }
}

/** The same for the same port. */
export function portKey({ hostPort, hostIP, protocol }: PublishedPort): string {
  return `${hostPort}${LETTERS[protocol]}${hostIP === undefined ? '' : `-${hostIP}`}`
}

function parsePort(text: string): PublishedPort | undefined {
  const [, number, letter = '', hostIP] = /^(\d+)([tu])(?:-(.*))?$/.exec(text) ?? []
  const protocol = PROTOCOLS[letter]
  if (number === undefined || protocol === undefined) return undefined
  const hostPort = Number(number)
  return { containerPort: hostPort, hostPort, protocol, ...(hostIP === undefined ? {} : { hostIP }) }
}
