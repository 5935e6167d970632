import type { Kind } from '../../shared/api/kinds.ts'
import { sampleBody } from './sample-bodies.ts'

/** A body that is made to hurt. */
export interface Monster {
  readonly title: string
  readonly contentType: string
  /** Defaults to POST on the collection; patches go to an object. */
  readonly method?: 'PATCH' | 'PUT' | 'DELETE'
  body(kind: Kind): Buffer
}

const JSON_TYPE = 'application/json'
const YAML_TYPE = 'application/yaml'
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf'
const JSON_PATCH = 'application/json-patch+json'
const MERGE_PATCH = 'application/merge-patch+json'
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'
const MEBIBYTE = 1024 * 1024

const deep = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth)
const deepObject = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
/** The kind's own sample with one member more, as text. */
const withMember = (kind: Kind, member: string) =>
  Buffer.from(`${JSON.stringify(sampleBody(kind, 'monster')).slice(0, -1)},${member}}`)

function yamlBomb(levels: number, width: number): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level <= levels; level++) {
    lines.push(
      `a${level}: &a${level} [${Array(width)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    )
  }
  return `${lines.join('\n')}\n`
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
}

const protobuf = (...bytes: number[]) => Buffer.concat([Buffer.from('k8s\0'), Buffer.from(bytes)])

/** A message in a message in a message. */
function protobufNest(depth: number): Buffer {
  let inner: Buffer = Buffer.alloc(0)
  for (let level = 0; level < depth; level++) {
    inner = Buffer.concat([Buffer.from([0x12, ...varint(inner.length)]), inner])
  }
  return Buffer.concat([Buffer.from('k8s\0'), inner])
}

const operations = (count: number, operation: (index: number) => object) =>
  Buffer.from(JSON.stringify(Array.from({ length: count }, (_, index) => operation(index))))

export const MONSTERS: readonly Monster[] = [
  {
    title: 'huge string',
    contentType: JSON_TYPE,
    body: (kind) => withMember(kind, `"x":"${'y'.repeat(2.5 * MEBIBYTE)}"`),
  },
  {
    title: 'too long',
    contentType: JSON_TYPE,
    body: (kind) => withMember(kind, `"x":"${'y'.repeat(3.5 * MEBIBYTE)}"`),
  },
  { title: 'deep list', contentType: JSON_TYPE, body: (kind) => withMember(kind, `"spec":${deep(200_000)}`) },
  {
    title: 'deep metadata',
    contentType: JSON_TYPE,
    body: (kind) => withMember(kind, `"metadata":${deepObject(100_000)}`),
  },
  { title: 'deep kind', contentType: JSON_TYPE, body: () => Buffer.from(`{"kind":${deep(300_000)}}`) },
  { title: 'deep version', contentType: JSON_TYPE, body: () => Buffer.from(`{"apiVersion":${deepObject(200_000)}}`) },
  { title: 'unclosed', contentType: JSON_TYPE, body: () => Buffer.from('['.repeat(MEBIBYTE)) },
  { title: 'many members', contentType: JSON_TYPE, body: (kind) => withMember(kind, manyMembers(200_000)) },
  {
    title: 'many duplicates',
    contentType: JSON_TYPE,
    body: (kind) => withMember(kind, Array(200_000).fill('"x":1').join()),
  },
  {
    title: 'many labels',
    contentType: JSON_TYPE,
    body: (kind) => withMember(kind, `"metadata":{"labels":{${manyMembers(100_000)}}}`),
  },
  {
    title: 'many wrong values',
    contentType: JSON_TYPE,
    body: (kind) => withMember(kind, `"metadata":{"finalizers":[${Array(300_000).fill('"!"').join()}]}`),
  },
  {
    title: 'invalid UTF-8',
    contentType: JSON_TYPE,
    body: (kind) => Buffer.concat([withMember(kind, '"x":"'), Buffer.from([0xc3, 0x28, 0xff, 0xfe])]),
  },
  { title: 'YAML aliases', contentType: YAML_TYPE, body: () => Buffer.from(yamlBomb(9, 9)) },
  {
    title: 'YAML alias quadratic',
    contentType: YAML_TYPE,
    body: () => Buffer.from(`a: &a [${'x, '.repeat(20_000)}]\nb: [${'*a, '.repeat(20_000)}]`),
  },
  { title: 'YAML alias of itself', contentType: YAML_TYPE, body: () => Buffer.from('metadata: &a\n  labels: *a\n') },
  { title: 'YAML deep flow', contentType: YAML_TYPE, body: () => Buffer.from(deep(50_000)) },
  { title: 'YAML deep block', contentType: YAML_TYPE, body: () => Buffer.from(`${'- '.repeat(20_000)}x`) },
  { title: 'YAML deep keys', contentType: YAML_TYPE, body: () => Buffer.from('? '.repeat(20_000)) },
  {
    title: 'YAML many keys',
    contentType: YAML_TYPE,
    body: () => Buffer.from(Array.from({ length: 20_000 }, (_, i) => `k${i}: v`).join('\n')),
  },
  {
    title: 'YAML merge keys',
    contentType: YAML_TYPE,
    body: () => Buffer.from(`a: &a {x: 1}\nb:\n${'  <<: *a\n'.repeat(2000)}`),
  },
  { title: 'YAML long scalar', contentType: YAML_TYPE, body: () => Buffer.from(`a: ${'x '.repeat(MEBIBYTE)}`) },
  {
    title: 'protobuf garbage',
    contentType: PROTOBUF_TYPE,
    body: () => protobuf(...Array.from({ length: 5000 }, (_, i) => (i * 97) % 256)),
  },
  { title: 'protobuf cut', contentType: PROTOBUF_TYPE, body: () => protobuf(0x12, 0x20, 0x0a) },
  {
    title: 'protobuf huge length',
    contentType: PROTOBUF_TYPE,
    body: () => protobuf(0x12, ...varint(2 ** 31 - 1), 1, 2, 3),
  },
  {
    title: 'protobuf negative length',
    contentType: PROTOBUF_TYPE,
    body: () => protobuf(0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
  },
  { title: 'protobuf nest', contentType: PROTOBUF_TYPE, body: () => protobufNest(3000) },
  { title: 'protobuf groups', contentType: PROTOBUF_TYPE, body: () => protobuf(...Array(100_000).fill(0x0b)) },
  {
    title: 'JSON patch of 10,000',
    method: 'PATCH',
    contentType: JSON_PATCH,
    body: () => operations(10_000, (i) => ({ op: 'add', path: `/metadata/annotations/k${i}`, value: 'v' })),
  },
  {
    title: 'JSON patch of 20,000',
    method: 'PATCH',
    contentType: JSON_PATCH,
    body: () => operations(20_000, () => ({ op: 'test', path: '', value: 1 })),
  },
  {
    title: 'JSON patch that doubles',
    method: 'PATCH',
    contentType: JSON_PATCH,
    body: () => operations(10_000, () => ({ op: 'copy', from: '/metadata', path: '/metadata/x' })),
  },
  {
    title: 'JSON patch of long paths',
    method: 'PATCH',
    contentType: JSON_PATCH,
    body: () => operations(100, () => ({ op: 'add', path: '/a'.repeat(10_000), value: 1 })),
  },
  {
    title: 'JSON patch that shifts',
    method: 'PATCH',
    contentType: JSON_PATCH,
    body: () => operations(10_000, () => ({ op: 'add', path: '/metadata/finalizers/0', value: 'a/b' })),
  },
  {
    title: 'JSON patch, deep',
    method: 'PATCH',
    contentType: JSON_PATCH,
    body: () => Buffer.from(`[{"op":"add","path":"/metadata","value":${deep(200_000)}}]`),
  },
  {
    title: 'merge patch, deep',
    method: 'PATCH',
    contentType: MERGE_PATCH,
    body: () => Buffer.from(deepObject(200_000)),
  },
  {
    title: 'strategic patch, deep',
    method: 'PATCH',
    contentType: STRATEGIC_PATCH,
    body: () => Buffer.from(deepObject(200_000)),
  },
  {
    title: 'strategic patch, deep directive',
    method: 'PATCH',
    contentType: STRATEGIC_PATCH,
    body: () => Buffer.from(`{"$patch":${deep(200_000)}}`),
  },
  {
    title: 'strategic patch, many containers',
    method: 'PATCH',
    contentType: STRATEGIC_PATCH,
    body: () => manyContainers(),
  },
  {
    title: 'strategic patch, long order',
    method: 'PATCH',
    contentType: STRATEGIC_PATCH,
    body: () =>
      Buffer.from(`{"metadata":{"$setElementOrder/ownerReferences":[${Array(100_000).fill('{"uid":"x"}').join()}]}}`),
  },
  {
    title: 'deep delete options',
    method: 'DELETE',
    contentType: JSON_TYPE,
    body: () => Buffer.from(`{"preconditions":${deepObject(200_000)}}`),
  },
]

function manyMembers(count: number): string {
  return Array.from({ length: count }, (_, index) => `"k${index}":1`).join()
}

function manyContainers(): Buffer {
  const containers = Array.from({ length: 20_000 }, (_, index) => ({ name: `c${index}`, image: 'x' }))
  return Buffer.from(JSON.stringify({ spec: { containers } }))
}
