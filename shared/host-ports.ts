import type { Pod } from './api/generated/core-v1.ts'

export interface HostPort {
  protocol: string
  port: number
  /** `0.0.0.0` for every address. */
  ip: string
}

const EVERY_ADDRESS = '0.0.0.0'

/** The host ports that the Pod's containers and sidecars hold while it runs. */
export function hostPortsOf({ spec }: Pod): HostPort[] {
  const sidecars = (spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')
  return [...sidecars, ...(spec?.containers ?? [])].flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => (port.hostPort ?? 0) > 0)
      .map((port) => ({
        protocol: port.protocol ?? 'TCP',
        port: port.hostPort ?? 0,
        ip: port.hostIP || EVERY_ADDRESS,
      })),
  )
}

/** The host ports in use on one Node. Two Pods may hold the same one only by a mistake; it is free when both are gone. */
export class UsedHostPorts {
  /** `TCP/80` -> address -> how often. */
  readonly #used = new Map<string, Map<string, number>>()

  add(port: HostPort): void {
    const key = keyOf(port)
    const addresses = this.#used.get(key) ?? new Map<string, number>()
    addresses.set(port.ip, (addresses.get(port.ip) ?? 0) + 1)
    this.#used.set(key, addresses)
  }

  remove(port: HostPort): void {
    const addresses = this.#used.get(keyOf(port))
    const count = addresses?.get(port.ip) ?? 0
    if (count > 1) addresses?.set(port.ip, count - 1)
    else addresses?.delete(port.ip)
    if (addresses?.size === 0) this.#used.delete(keyOf(port))
  }

  /** Every address conflicts with any: one of them would not get the port. */
  conflictsWith(port: HostPort): boolean {
    const addresses = this.#used.get(keyOf(port))
    if (!addresses) return false
    return port.ip === EVERY_ADDRESS || addresses.has(EVERY_ADDRESS) || addresses.has(port.ip)
  }
}

function keyOf({ protocol, port }: HostPort): string {
  return `${protocol}/${port}`
}
