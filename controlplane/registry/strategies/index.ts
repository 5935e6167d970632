import { KINDS, type Kind } from '../../../shared/api/kinds.ts'
import type { Strategy } from '../strategy.ts'
import { isDnsSubdomain } from '../validation/names.ts'
import { namespaceStrategy } from './namespace.ts'
import { podStrategy } from './pod.ts'

const BY_TYPE = new Map<string, Strategy>([
  ...KINDS.map((kind): [string, Strategy] => [
    kind.type,
    { kind, nameRule: isDnsSubdomain, hasStatus: true, hasGeneration: true, selectableFields: {}, columns: [] },
  ]),
  [podStrategy.kind.type, podStrategy],
  [namespaceStrategy.kind.type, namespaceStrategy],
])

export function strategyOf(kind: Kind): Strategy {
  const strategy = BY_TYPE.get(kind.type)
  if (!strategy) throw new Error(`no strategy for ${kind.type}`)
  return strategy
}
