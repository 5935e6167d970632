import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { UpdateArea } from '../../../../controlplane/registry/registry.ts'
import { strategyOf } from '../../../../controlplane/registry/strategies/index.ts'
import { isApiError } from '../../../../shared/api/api-error.ts'
import { KINDS, type Kind } from '../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../shared/api/object.ts'
import { type FieldSchema, isScalar, typeSchema } from '../../../../shared/api/schema.ts'
import { anEndpointSlice, aService, someEndpoints } from '../../../support/service-objects.ts'
import { aClaim, aStorageClass, aVolume } from '../../../support/storage-objects.ts'
import { testDeployment, testPod, testRegistry } from '../../../support/test-registry.ts'

const WORDS = [
  '',
  'a',
  'Always',
  'In',
  'Exists',
  '25%',
  '100m',
  '1Gi',
  '-1',
  'x/y',
  'default',
  '__proto__',
  'toString',
  '..',
  'ü',
]
const word = fc.constantFrom(...WORDS)
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, 0, -1, 1.5, 2 ** 40, Number.NaN, '', [], {}, [null], [[]], {
    a: null,
  }),
  fc.jsonValue({ maxDepth: 2 }),
)

/** An object that mostly has the types of the schema, with words that mean something in some places. */
function anObjectOf(type: string, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.entries(typeSchema(type)).map(([name, field]): [string, fc.Arbitrary<unknown>] => [
    name,
    fc.oneof(
      { weight: 200, arbitrary: fc.constant(undefined) },
      { weight: 100, arbitrary: aValueOf(field, depth) },
      { weight: 1, arbitrary: odd },
    ),
  ])
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] })
}

function aValueOf(field: FieldSchema, depth: number): fc.Arbitrary<unknown> {
  const one = isScalar(field.type)
    ? aScalar(field.type)
    : depth > 0
      ? anObjectOf(field.type, depth - 1)
      : fc.constant({})
  if (field.list) return fc.array(one, { maxLength: 2 })
  return field.map ? fc.dictionary(word, one, { maxKeys: 2 }) : one
}

function aScalar(type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case 'int32':
    case 'int64':
    case 'double':
      return fc.integer({ min: -2, max: 70_000 })
    case 'bool':
      return fc.boolean()
    case 'quantity':
      return fc.constantFrom('0', '1', '100m', '1Gi', '-5', '1e3')
    case 'time':
    case 'microTime':
      return fc.constant('2030-01-01T00:00:00Z')
    case 'intOrString':
      return fc.oneof(word, fc.integer({ min: -1, max: 5 }))
    default:
      return word
  }
}

const named = (kind: Kind) =>
  anObjectOf(kind.type, 4).map((object) => {
    const copy = object as { metadata?: unknown }
    const hasMetadata = typeof copy.metadata === 'object' && copy.metadata !== null && !Array.isArray(copy.metadata)
    const metadata = { ...(hasMetadata ? (copy.metadata as object) : {}), name: 'x', namespace: undefined }
    return { ...copy, metadata } as unknown as KubeObject
  })

/** Passes on success and on a refusal; a defect would show as InternalError or as another error. */
async function survives<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!isApiError(error) || error.reason === 'InternalError') throw error
    JSON.stringify(error.toStatus())
    return undefined
  }
}

/** One that is accepted, so that changes of it are met too. */
function plain(kind: Kind): KubeObject {
  if (kind.kind === 'Pod') return testPod('x')
  if (kind.kind === 'Deployment' || kind.kind === 'ReplicaSet') return testDeployment('x')
  if (kind.kind === 'Event') return { metadata: { name: 'x' }, involvedObject: { namespace: 'default' } } as KubeObject
  if (kind.kind === 'PersistentVolume') return aVolume('x')
  if (kind.kind === 'PersistentVolumeClaim') return aClaim('x')
  if (kind.kind === 'StorageClass') return aStorageClass('x')
  if (kind.kind === 'Service') return aService('x', { type: 'LoadBalancer' })
  if (kind.kind === 'Endpoints') return someEndpoints('x')
  if (kind.kind === 'EndpointSlice') return anEndpointSlice('x')
  return { metadata: { name: 'x' } }
}

/** `current` with the spec and status that `change` has, laid over its own. */
function overlaid(current: KubeObject, change: KubeObject): KubeObject {
  const parts = ['spec', 'status'] as const
  const own = current as Partial<Record<(typeof parts)[number], object>>
  const other = change as typeof own
  const merged = parts.map((part) => [part, { ...own[part], ...other[part] }])
  return { ...current, ...Object.fromEntries(merged) }
}

function withoutFinalizers({ metadata, ...rest }: KubeObject): KubeObject {
  const { finalizers: _, ...kept } = metadata
  return { ...rest, metadata: kept }
}

const where = (kind: Kind) => (kind.namespaced ? { namespace: 'default' } : {})

describe.each(KINDS.map((kind) => [kind.kind, kind] as const))('the registry, given odd %s objects', (_, kind) => {
  it('refuses or accepts them, and never breaks', { timeout: 30_000 }, async () => {
    const { registry } = await testRegistry()
    let accepted = 0
    const property = fc.asyncProperty(
      fc.oneof(named(kind), odd, fc.constant(plain(kind))),
      named(kind),
      async (object, change) => {
        const created = await survives(() => registry.create(kind, object as KubeObject, where(kind)))
        if (!created) return
        accepted++
        const { namespace = '', name } = created.object.metadata
        const key = { namespace, name }
        for (const area of ['object', 'status', 'binding', 'finalize'] satisfies UpdateArea[]) {
          await survives(() => registry.update(kind, key, () => change, { area }))
          await survives(() => registry.update(kind, key, (current) => overlaid(current, change), { area }))
        }
        const { entries } = await registry.list(kind)
        for (const entry of entries) for (const { cell } of strategyOf(kind).columns) cell(entry.object, 0)
        for (const read of Object.values(strategyOf(kind).selectableFields)) {
          for (const { object } of entries) expect(typeof read(object)).toBe('string')
        }
        const metadata = { finalizers: undefined }
        await survives(() => registry.delete(kind, key, { delete: { gracePeriodSeconds: 0 } }))
        await survives(() => registry.update(kind, key, () => ({ metadata }), { area: 'object' }))
        await survives(() => registry.update(kind, key, withoutFinalizers, { area: 'object' }))
        await survives(() => registry.update(kind, key, () => ({ metadata }), { area: 'finalize' }))
      },
    )
    await fc.assert(property, { numRuns: 150 })
    expect(accepted).toBeGreaterThan(20)
  })
})
