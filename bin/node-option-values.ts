import { InvalidArgumentError } from 'commander'
import type { Device } from '../agent/devices/device.ts'
import {
  type EvictionAmount,
  type EvictionSignal,
  type EvictionThreshold,
  parseEvictionAmount,
  parseEvictionThresholds,
  parseSignals,
} from '../agent/eviction/eviction-threshold.ts'
import type { ImageCollection } from '../agent/images/image-collector.ts'
import { isNativeResource } from '../shared/resource-names.ts'
import { parseAmounts } from './options.ts'

const MOST_OF_A_RESOURCE = 1_000_000

/** `cpu=500m,memory=256Mi,ephemeral-storage=1Gi` */
export function parseReserved(text: string): Record<string, string> {
  return parseAmounts(text, ['cpu', 'memory', 'ephemeral-storage'])
}

/** Adds `example.com/dongle=2` to what was given before. */
export function addResource(text: string, before: Record<string, number>): Record<string, number> {
  const { name, value } = splitResource(text)
  const count = Number(value)
  if (!/^\d+$/.test(value) || count > MOST_OF_A_RESOURCE) {
    throw new InvalidArgumentError(`${value} is not a count from 0 to ${MOST_OF_A_RESOURCE}.`)
  }
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is given twice.`)
  return { ...before, [name]: count }
}

/** Adds `example.com/dongle=/dev/ttyUSB0`, or with `:/dev/in-the-container:rw` behind it. */
export function addDevice(text: string, before: readonly Device[]): Device[] {
  const { name: resource, value } = splitResource(text)
  const [hostPath = '', containerPath = hostPath, permissions = 'rwm', ...rest] = value.split(':')
  const isWellFormed = [hostPath, containerPath].every((path) => /^\/[^,]+$/.test(path)) && rest.length === 0
  if (!isWellFormed || !/^[rwm]{1,3}$/.test(permissions)) {
    throw new InvalidArgumentError(`${value} is not a device, such as /dev/ttyUSB0 or /dev/ttyUSB0:/dev/dongle:rw.`)
  }
  if (before.some((device) => device.hostPath === hostPath)) {
    throw new InvalidArgumentError(`${hostPath} is given twice, and would serve two containers at a time.`)
  }
  return [...before, { resource, hostPath, containerPath, permissions }]
}

export function parseThresholds(text: string): EvictionThreshold[] {
  return argument(() => parseEvictionThresholds(text))
}

/** `memory.available=1m30s,nodefs.available=2m`, in milliseconds. */
export function parseGracePeriods(text: string): Map<EvictionSignal, number> {
  const pairs = argument(() => parseSignals(text, '=', 'duration'))
  return new Map(pairs.map(([signal, duration]) => [signal, parseGoDuration(duration)]))
}

/** `memory.available=500Mi,nodefs.available=5%` */
export function parseReclaims(text: string): Map<EvictionSignal, EvictionAmount> {
  return argument(() => {
    const pairs = parseSignals(text, '=', 'quantity')
    return new Map(pairs.map(([signal, amount]) => [signal, parseEvictionAmount(amount)]))
  })
}

export function parseSeconds(text: string): number {
  if (!/^(\d{1,9}|-1)$/.test(text)) throw new InvalidArgumentError('give a number of seconds, or -1.')
  return Number(text)
}

/** `1m30s`, `90s` or `2h`, in milliseconds. */
export function parseGoDuration(text: string): number {
  const [whole, hours = 0, minutes = 0, seconds = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? []
  if (!whole) throw new InvalidArgumentError(`${text} is not a duration such as 90s, 1m30s or 2h.`)
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

/** What another part reads, or refuses with an Error. */
function argument<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

/** `85:80`: both from 1 to 100, the second below the first. */
export function parseImageCollection(text: string): ImageCollection {
  const [, high, low] = /^(\d{1,3}):(\d{1,3})$/.exec(text) ?? []
  const [highPercent, lowPercent] = [Number(high), Number(low)]
  if (!(lowPercent >= 1 && lowPercent < highPercent && highPercent <= 100)) {
    throw new InvalidArgumentError('give two percentages such as 85:80, the second below the first.')
  }
  return { highPercent, lowPercent }
}

function splitResource(text: string): { name: string; value: string } {
  const at = text.indexOf('=')
  const name = text.slice(0, Math.max(at, 0))
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(name) || isNativeResource(name)) {
    throw new InvalidArgumentError('name an extended resource with its domain, such as example.com/dongle=...')
  }
  return { name, value: text.slice(at + 1) }
}
