import type { Container } from '../../../shared/api/generated/core-v1.ts'

/** The container that a probe or a hook is about. */
export interface HandlerTarget {
  containerId: string
  container: Container
  /** Where to dial; absent while the Pod has no address. */
  podIP: string | undefined
}

export interface HandlerAddress {
  host: string
  port: number
  /** Such as `10.0.0.7:80`, or `[fd00::7]:80`. */
  text: string
}

/** Where to dial: the Pod's address unless another host is named. Throws where there is none, or no such port. */
export function addressOf(
  host: string | undefined,
  port: number | string,
  { podIP, container }: HandlerTarget,
): HandlerAddress {
  const target = host || podIP
  if (!target) throw new Error('the Pod has no address')
  const number = portNumber(port, container)
  return { host: target, port: number, text: `${target.includes(':') ? `[${target}]` : target}:${number}` }
}

/** A number, or the name of one of the container's ports. */
function portNumber(port: number | string, container: Container): number {
  if (typeof port === 'number') return port
  const named = container.ports?.find(({ name }) => name === port)
  if (named) return named.containerPort
  if (/^\d+$/.test(port)) return Number(port)
  throw new Error(`the container has no port named ${JSON.stringify(port)}`)
}
