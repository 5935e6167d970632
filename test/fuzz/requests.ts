import fc from 'fast-check'
import { apiVersionOf, KINDS, type Kind } from '../../shared/api/kinds.ts'
import { encodeProtobuf } from '../support/encode-protobuf.ts'
import { MONSTERS } from './monsters.ts'
import { type Mutation, mutate, mutation } from './mutations.ts'
import { sampleBody } from './sample-bodies.ts'

/** One request, ready to be sent. */
export interface FuzzRequest {
  readonly title: string
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Buffer
}

const NAMES = ['x', 'y', 'monster']
const SUBRESOURCES = [
  '',
  '',
  '',
  '',
  '',
  '',
  '',
  '',
  'status',
  'status',
  'scale',
  'log',
  'exec',
  'binding',
  'eviction',
  'finalize',
  '__proto__',
  'x',
]
const USUAL_METHODS = ['GET', 'POST', 'POST', 'POST', 'PUT', 'PUT', 'PATCH', 'PATCH', 'PATCH', 'DELETE']
const METHODS = [...USUAL_METHODS, ...USUAL_METHODS, 'HEAD', 'OPTIONS', 'TRACE', 'MERGE']
const CONTENT_TYPES = [
  'application/json',
  'application/json',
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/json; charset=utf-16',
  'constructor',
  ';;=',
]
const ACCEPTS = [
  'application/json',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  'application/json;as=__proto__;v=v9',
  'application/vnd.kubernetes.protobuf',
  '*/*;q=x',
  'text/html',
]
const PARAMETERS = [
  'limit',
  'continue',
  'watch',
  'resourceVersion',
  'resourceVersionMatch',
  'timeoutSeconds',
  'labelSelector',
  'fieldSelector',
  'dryRun',
  'fieldValidation',
  'fieldManager',
  'pretty',
  'sendInitialEvents',
  'allowWatchBookmarks',
  'gracePeriodSeconds',
  'propagationPolicy',
  'orphanDependents',
  'includeObject',
  'container',
  'tailLines',
  'sinceTime',
]
const VALUES = [
  '',
  '0',
  '1',
  '-1',
  '1e9',
  '99999999999999999999',
  'true',
  'All',
  'Strict',
  'a=b,c!=d,e in (f,g),!h',
  'a in (',
  'spec.nodeName=x',
  'metadata.name=x,__proto__=y',
  '\\,=\\=',
  'Background',
  'Object',
  'eyJ2IjoxfQ',
  '%00',
  '%ff',
  'ü',
  '('.repeat(2000),
]
const ODD_PATHS = [
  '/',
  '//',
  '/api/v1/../../etc',
  '/api/v1/namespaces/%2e%2e/pods',
  '/api/v1/namespaces/a%2Fb/pods/c%2Fd',
  '/api/v1/namespaces/default/pods/%00',
  '/api/v1/namespaces/default/pods/%ff',
  '/api/v1/namespaces/default/pods/__proto__/__proto__',
  '/apis/__proto__/constructor/toString',
  '/apis/apps/v1/namespaces/default/deployments/x/scale/y',
  '/openapi/v3/__proto__',
  '/openapi/v3/apis/apps/v1?hash=x',
  '/openapi/v2',
  '/livez/x/y',
  '/kubette/v1/join',
  '/kubette/v1/renew',
  '/kubette/v1/agent',
  '//[::bad/api/v1/pods',
  `/api/v1/${'x'.repeat(4000)}`,
  `/api/v1/namespaces/default/configmaps/${'%41'.repeat(1000)}`,
]

const query = fc
  .array(fc.tuple(fc.constantFrom(...PARAMETERS), fc.constantFrom(...VALUES)), { maxLength: 3, size: 'small' })
  .map((pairs) => (pairs.length > 1 ? pairs : []))
  .map((pairs) =>
    pairs.map(([name, value]) => `${name}=${/^%(00|ff)$/.test(value) ? value : encodeURIComponent(value)}`),
  )
  // A watch that nobody ends would hold the fuzzer up.
  .map((pairs) => `?${[...pairs.filter((pair) => !pair.startsWith('timeoutSeconds')), 'timeoutSeconds=1'].join('&')}`)

interface Ingredients {
  readonly kind: Kind
  readonly method: string
  readonly name: string | undefined
  readonly namespace: string
  readonly subresource: string
  readonly query: string
  readonly contentType: string
  readonly accept: string
  readonly mutations: readonly Mutation[]
  readonly damage: Damage
}

/** What is done to a body's bytes. */
type Damage = { readonly how: 'none' | 'cut' | 'flip' | 'insert'; readonly at: number }

const mutated = fc
  .record<Ingredients>({
    kind: fc.constantFrom(...KINDS),
    method: fc.constantFrom(...METHODS),
    name: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
    namespace: fc.constantFrom(...Array(12).fill('default'), 'kube-system', 'none', '__proto__'),
    subresource: fc.constantFrom(...SUBRESOURCES),
    query,
    contentType: fc.constantFrom(...CONTENT_TYPES),
    accept: fc.constantFrom(...Array<string>(20).fill('application/json'), ...ACCEPTS),
    mutations: fc.array(mutation, { maxLength: 4 }),
    damage: fc.record({
      how: fc.constantFrom('none', 'none', 'none', 'none', 'cut', 'flip', 'insert'),
      at: fc.nat(5000),
    }),
  })
  .map(requestOf)

const oddPath = fc
  .record({
    path: fc.constantFrom(...ODD_PATHS),
    method: fc.constantFrom(...METHODS),
    accept: fc.constantFrom(...ACCEPTS),
  })
  .map(
    ({ path, method, accept }): FuzzRequest => ({
      title: 'odd path',
      method,
      path,
      headers: { accept },
      body: Buffer.alloc(0),
    }),
  )

const monster = fc
  .record({ kind: fc.constantFrom(...KINDS), monster: fc.constantFrom(...MONSTERS) })
  .map(({ kind, monster: { title, contentType, method, body } }): FuzzRequest => {
    const path = pathOf(kind, 'default', method ? 'x' : undefined, '')
    const headers = { 'content-type': contentType }
    return { title: `${title} (${kind.kind})`, method: method ?? 'POST', path, headers, body: body(kind) }
  })

/** `monsters`: of a thousand requests, how many are made to hurt rather than to be odd. */
export function fuzzRequest(monsters: number): fc.Arbitrary<FuzzRequest> {
  return fc.oneof(
    { weight: 900 - monsters, arbitrary: mutated },
    { weight: 100, arbitrary: oddPath },
    { weight: monsters, arbitrary: monster },
  )
}

function requestOf(parts: Ingredients): FuzzRequest {
  const { kind, method, name, namespace, subresource, contentType, accept } = parts
  const isOnObject = name !== undefined && method !== 'POST'
  const path = pathOf(kind, namespace, isOnObject || subresource ? (name ?? 'x') : undefined, subresource)
  const hasBody = ['POST', 'PUT', 'PATCH'].includes(method) || parts.damage.at % 5 === 0
  const body = hasBody ? damaged(bodyOf(parts), parts.damage) : Buffer.alloc(0)
  const headers = { accept, ...(hasBody ? { 'content-type': contentType } : {}) }
  return { title: `mutated ${kind.kind}`, method, path: path + parts.query, headers, body }
}

export function pathOf(kind: Kind, namespace: string, name: string | undefined, subresource: string): string {
  const root = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`
  const scope = kind.namespaced ? `/namespaces/${namespace}` : ''
  const object = name === undefined ? '' : `/${name}${subresource && `/${subresource}`}`
  return `${root}${scope}/${kind.plural}${object}`
}

function bodyOf({ kind, name = 'x', contentType, mutations }: Ingredients): Buffer {
  const sample = sampleBody(kind, name)
  if (contentType.endsWith('protobuf')) return encodeProtobuf(apiVersionOf(kind), kind.kind, kind.type, sample)
  const body = mutate(sample, mutations)
  if (!contentType.startsWith('application/json-patch')) return Buffer.from(JSON.stringify(body))
  const operations = mutations.map(({ how, key, value }) => ({
    op: OPERATIONS[how],
    path: `/metadata/${key}`,
    from: '/spec',
    value,
  }))
  return Buffer.from(JSON.stringify(operations))
}

const OPERATIONS: Readonly<Record<Mutation['how'], string>> = {
  replace: 'replace',
  remove: 'remove',
  add: 'add',
  wrap: 'move',
  repeat: 'copy',
}

const INSERTED = ['\0', '"a":1,"a":2,', 'NaN', '1e999', '\ufeff', '\\ud800', '&a ', '*a', ',,']

function damaged(body: Buffer, { how, at }: Damage): Buffer {
  const place = at % (body.length + 1)
  const [before, after] = [body.subarray(0, place), body.subarray(place)]
  switch (how) {
    case 'none':
      return body
    case 'cut':
      return before
    case 'flip':
      return Buffer.concat([before, Buffer.from([(after[0] ?? 0) ^ (1 << (at % 8))]), after.subarray(1)])
    case 'insert':
      return Buffer.concat([before, Buffer.from(INSERTED[at % INSERTED.length] ?? ''), after])
  }
}
