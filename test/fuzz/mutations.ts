import fc from 'fast-check'

type Json = Record<string, unknown>

/** What is done to one place of a body. `at` picks the place, whatever the body's size. */
export interface Mutation {
  readonly at: number
  readonly how: 'replace' | 'remove' | 'add' | 'wrap' | 'repeat'
  readonly key: string
  readonly value: unknown
}

const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  'x',
  '$patch',
  '$retainKeys',
  'a/b',
  'ü\0',
  '0',
]
const DIRECTIVES = ['$setElementOrder/containers', '$deleteFromPrimitiveList/finalizers', '$patch']
const TEXTS = [
  '',
  'a',
  'A'.repeat(300),
  '__proto__',
  '../..',
  'ü',
  '\0',
  '\ud800',
  '1e400',
  'NaN',
  '0x10',
  '🦀'.repeat(64),
  '%',
  '-',
]
const NUMBERS = [0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324]
const KUBERNETES = [
  'replace',
  'delete',
  'Always',
  'In',
  'Exists',
  '25%',
  '-5Gi',
  '1e99',
  'NoExecute',
  'default',
  'not base64!',
  '====',
]

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, [], {}, [null], [[]], { a: null }, [{}], { __proto__: null }),
  fc.constantFrom<unknown>(...TEXTS, ...NUMBERS, ...KUBERNETES),
  fc.jsonValue({ maxDepth: 2 }),
  fc.integer({ min: 5, max: 40 }).map((depth) => nested(depth)),
  fc.constant({ 'metadata.name': 1, ...JSON.parse('{"__proto__":{"polluted":true}}') }),
)

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(10_000),
  how: fc.constantFrom('replace', 'replace', 'remove', 'add', 'wrap', 'repeat'),
  key: fc.constantFrom(...KEYS, ...DIRECTIVES),
  value: odd,
})

/** `body` stays as it is. */
export function mutate(body: unknown, mutations: readonly Mutation[]): unknown {
  const root: Json = { body: copy(body) }
  for (const change of mutations) {
    const places = [...placesIn(root)]
    const place = places[change.at % places.length]
    if (place) apply(place, { ...change, value: copy(change.value) })
  }
  return root.body
}

/** Unlike others, JSON leaves a member `__proto__` what it is. */
function copy(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

type Place = { parent: Json; key: string } | { parent: unknown[]; key: number }

function* placesIn(parent: unknown): Generator<Place> {
  if (Array.isArray(parent)) {
    for (const [key, value] of parent.entries()) {
      yield { parent, key }
      yield* placesIn(value)
    }
  } else if (typeof parent === 'object' && parent !== null) {
    for (const [key, value] of Object.entries(parent)) {
      yield { parent: parent as Json, key }
      yield* placesIn(value)
    }
  }
}

function apply(place: Place, { how, key, value }: Mutation): void {
  const current = Array.isArray(place.parent) ? place.parent[Number(place.key)] : place.parent[place.key]
  switch (how) {
    case 'replace':
      put(place, value)
      break
    case 'wrap':
      put(place, [current])
      break
    case 'remove':
      if (Array.isArray(place.parent)) place.parent.splice(Number(place.key), 1)
      else if (place.key !== 'body') delete place.parent[place.key]
      break
    case 'repeat':
      if (Array.isArray(place.parent)) place.parent.push(copy(current))
      else put(place, [current, current])
      break
    case 'add':
      if (Array.isArray(current)) current.push(value)
      else if (typeof current === 'object' && current !== null) define(current as Json, key, value)
  }
}

function put({ parent, key }: Place, value: unknown): void {
  if (Array.isArray(parent)) parent[Number(key)] = value
  else define(parent, String(key), value)
}

/** So that `__proto__` is sent, rather than set here. */
function define(object: Json, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}

export function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}
