import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyStrategicMergePatch } from '../../../../../controlplane/apiserver/patch/strategic-merge-patch.ts'
import { threeWayPatch } from '../../../../support/three-way-patch.ts'

type Json = Record<string, unknown>

const pod = (spec: Json, metadata: Json = {}) => ({ metadata, spec })
const patchSpec = (spec: Json, patch: Json) =>
  (applyStrategicMergePatch('core.v1.Pod', pod(spec), { spec: patch }) as { spec: Json }).spec
const patchMetadata = (metadata: Json, patch: Json) =>
  (applyStrategicMergePatch('core.v1.Pod', pod({}, metadata), { metadata: patch }) as { metadata: Json }).metadata

const A = { name: 'a', image: 'a:1' }
const B = { name: 'b', image: 'b:1' }
const C = { name: 'c', image: 'c:1' }

describe('applyStrategicMergePatch', () => {
  it.each<[string, Json, Json, Json]>([
    [
      'merges items by their key',
      { containers: [A, B] },
      { containers: [{ name: 'b', image: 'b:2' }] },
      { containers: [A, { name: 'b', image: 'b:2' }] },
    ],
    ['puts new items before the others', { containers: [A] }, { containers: [B, C] }, { containers: [B, C, A] }],
    ['merges items where they are', { containers: [A, B] }, { containers: [{ name: 'b' }] }, { containers: [A, B] }],
    ['deletes items', { containers: [A, B] }, { containers: [{ name: 'a', $patch: 'delete' }] }, { containers: [B] }],
    [
      'deletes what is not there',
      { containers: [A] },
      { containers: [{ name: 'x', $patch: 'delete' }] },
      { containers: [A] },
    ],
    ['replaces a list', { containers: [A, B] }, { containers: [C, { $patch: 'replace' }] }, { containers: [C] }],
    ['empties a list', { containers: [A, B] }, { containers: [{ $patch: 'replace' }] }, { containers: [] }],
    [
      'removes fields of items',
      { containers: [A] },
      { containers: [{ name: 'a', image: null }] },
      { containers: [{ name: 'a' }] },
    ],
    [
      'replaces lists without a strategy',
      { tolerations: [{ key: 'a' }] },
      { tolerations: [{ key: 'b' }] },
      { tolerations: [{ key: 'b' }] },
    ],
    [
      'merges maps',
      { nodeSelector: { a: '1', b: '2' } },
      { nodeSelector: { b: null, c: '3' } },
      { nodeSelector: { a: '1', c: '3' } },
    ],
    [
      'replaces an object',
      { securityContext: { runAsUser: 1 } },
      { securityContext: { fsGroup: 2, $patch: 'replace' } },
      { securityContext: { fsGroup: 2 } },
    ],
    [
      'deletes an object',
      { securityContext: { runAsUser: 1 } },
      { securityContext: { $patch: 'delete' } },
      { securityContext: {} },
    ],
    [
      'retains keys',
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] },
      { volumes: [{ name: 'v', configMap: { name: 'c' } }] },
    ],
    [
      'takes new objects without nulls and directives',
      {},
      { securityContext: { runAsUser: null, fsGroup: 1 }, containers: [{ name: 'a', image: null }] },
      { securityContext: { fsGroup: 1 }, containers: [{ name: 'a' }] },
    ],
    [
      'keeps items that share a key',
      {
        containers: [
          {
            name: 'a',
            ports: [
              { containerPort: 53, protocol: 'TCP' },
              { containerPort: 53, protocol: 'UDP' },
            ],
          },
        ],
      },
      { containers: [{ name: 'a', image: 'x' }] },
      {
        containers: [
          {
            name: 'a',
            image: 'x',
            ports: [
              { containerPort: 53, protocol: 'TCP' },
              { containerPort: 53, protocol: 'UDP' },
            ],
          },
        ],
      },
    ],
    [
      'merges into the first that share a key',
      {
        containers: [
          {
            name: 'a',
            ports: [
              { containerPort: 53, protocol: 'TCP' },
              { containerPort: 53, protocol: 'UDP' },
            ],
          },
        ],
      },
      { containers: [{ name: 'a', ports: [{ containerPort: 53, name: 'x' }] }] },
      {
        containers: [
          {
            name: 'a',
            ports: [
              { containerPort: 53, protocol: 'TCP', name: 'x' },
              { containerPort: 53, protocol: 'UDP' },
            ],
          },
        ],
      },
    ],
    [
      'orders items',
      { containers: [A, B] },
      { $setElementOrder: 0, '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
      { containers: [B, A], $setElementOrder: 0 },
    ],
    [
      "keeps the server's items among their neighbours",
      { containers: [A, B, C] },
      { '$setElementOrder/containers': [{ name: 'c' }, { name: 'x' }], containers: [{ name: 'x' }] },
      { containers: [A, B, C, { name: 'x' }] },
    ],
  ])('%s', (_, current, patch, expected) => {
    const before = structuredClone(current)
    expect(patchSpec(current, patch)).toEqual(expected)
    expect(current).toEqual(before)
  })

  it('joins lists of values, without repeating one', () => {
    expect(patchMetadata({ finalizers: ['a', 'b'] }, { finalizers: ['b', 'c', 'c'] })).toEqual({
      finalizers: ['a', 'b', 'c'],
    })
    const patch = {
      '$deleteFromPrimitiveList/finalizers': ['a'],
      '$setElementOrder/finalizers': ['c', 'b'],
      finalizers: ['c'],
    }
    expect(patchMetadata({ finalizers: ['a', 'b'] }, patch)).toEqual({ finalizers: ['c', 'b'] })
  })

  it.each([
    ['an item without its key', { containers: [{ image: 'x' }] }, 'does not contain declared merge key: name'],
    ['an item that is no object', { containers: ['x'] }, 'must be an object'],
    ['an unknown directive', { $patch: 'explode' }, 'unknown $patch: use merge, replace or delete'],
    [
      '$retainKeys that leaves out what is set',
      { $retainKeys: ['a'], hostname: 'x' },
      '$retainKeys leaves out hostname',
    ],
    ['an order that is no list', { '$setElementOrder/containers': 'x' }, 'must be a list'],
  ])('refuses %s', (_, patch, message) => expect(() => patchSpec({ containers: [A] }, patch)).toThrow(message))

  it('makes the object that kubectl apply wants, and keeps what others added', () => {
    fc.assert(
      fc.property(spec, spec, spec, (original, modified, others) => {
        const current = addTo(original, others)
        const patch = threeWayPatch('core.v1.PodSpec', original, modified, current)
        const result = applyStrategicMergePatch('core.v1.PodSpec', current, patch)
        expectWanted(result, original, modified, current)
        expect(threeWayPatch('core.v1.PodSpec', modified, modified, result)).toEqual({})
      }),
      { numRuns: 300 },
    )
  })
})

const letters = fc.constantFrom('a', 'b', 'c', 'd')
const named = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.uniqueArray(fc.record({ name: letters, ...fields }, { requiredKeys: ['name'] }), {
    selector: (item) => item.name,
  })
const spec = fc.record(
  {
    hostname: letters,
    nodeSelector: fc.dictionary(letters, letters),
    securityContext: fc.record({ runAsUser: fc.nat(3), fsGroup: fc.nat(3) }, { requiredKeys: [] }),
    containers: named({ image: letters, args: fc.array(letters, { maxLength: 2 }), env: named({ value: letters }) }),
  },
  { requiredKeys: ['containers'] },
) as fc.Arbitrary<Json & { containers: Named[] }>

interface Named extends Json {
  name: string
  env?: Named[]
}

/** What is there after somebody else added things that the first writer does not speak of. */
function addTo(original: Json & { containers: Named[] }, others: Json & { containers: Named[] }): Json {
  const missing = others.containers.filter(({ name }) => !original.containers.some((own) => own.name === name))
  return { ...others, ...original, containers: [...original.containers, ...missing] }
}

function expectWanted(result: Json, original: Json, modified: Json, current: Json): void {
  for (const [name, wanted] of Object.entries(modified)) {
    const got = result[name]
    if (Array.isArray(wanted) && name !== 'args')
      expectItems(
        (got ?? []) as Named[],
        (original[name] ?? []) as Named[],
        wanted as Named[],
        (current[name] ?? []) as Named[],
      )
    else if (typeof wanted === 'object' && !Array.isArray(wanted)) {
      expectWanted(got as Json, (original[name] ?? {}) as Json, wanted as Json, (current[name] ?? {}) as Json)
    } else expect(got).toEqual(wanted)
  }
  for (const name of Object.keys(original)) if (!(name in modified)) expect(result).not.toHaveProperty(name)
  for (const name of Object.keys(current)) {
    if (!(name in original) && !(name in modified)) expect(result[name]).toEqual(current[name])
  }
}

function expectItems(got: Named[], original: Named[], wanted: Named[], current: Named[]): void {
  const names = (items: Named[]) => items.map(({ name }) => name)
  expect(names(got).filter((name) => names(wanted).includes(name))).toEqual(names(wanted))
  for (const item of wanted) {
    const find = (items: Named[]) => items.find(({ name }) => name === item.name) ?? { name: item.name }
    expectWanted(find(got), find(original), item, find(current))
  }
  const foreign = names(current).filter((name) => !names(original).includes(name) && !names(wanted).includes(name))
  expect(names(got).filter((name) => foreign.includes(name))).toEqual(foreign)
  expect(got).toHaveLength(wanted.length + foreign.length)
}
