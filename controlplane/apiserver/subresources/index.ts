import type { Kind } from '../../../shared/api/kinds.ts'
import { binding } from './binding.ts'
import { attach, exec } from './command.ts'
import { ephemeralContainers } from './ephemeral-containers.ts'
import { eviction } from './eviction.ts'
import { finalize } from './finalize.ts'
import { log } from './log.ts'
import { portForward } from './port-forward.ts'
import { resize } from './resize.ts'
import { scale } from './scale.ts'
import { status } from './status.ts'
import type { Subresource } from './subresource.ts'

/** Every subresource of the API. A new one is a file and a line here. */
const SUBRESOURCES: readonly Subresource[] = [
  attach,
  binding,
  ephemeralContainers,
  eviction,
  exec,
  finalize,
  log,
  portForward,
  resize,
  scale,
  status,
]

/** In alphabetical order. */
export function subresourcesOf(kind: Kind): readonly Subresource[] {
  return SUBRESOURCES.filter((subresource) => subresource.isServedFor(kind))
}

/** Known to Kubernetes, not there yet: answered with 501 rather than 404, and left out of discovery. */
const NOT_IMPLEMENTED: Readonly<Record<string, readonly string[]>> = {
  pods: ['proxy'],
  nodes: ['proxy'],
}

export function isNotImplemented(kind: Kind, name: string): boolean {
  return NOT_IMPLEMENTED[kind.plural]?.includes(name) ?? false
}
