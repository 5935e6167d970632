import { describe, expect, it } from 'vitest'
import { readPatch } from '../../../../../controlplane/apiserver/patch/read-patch.ts'
import { decodeBody } from '../../../../../controlplane/apiserver/request/decode-body.ts'

const SECRET = { apiVersions: ['v1'], kind: 'Secret', type: 'core.v1.Secret' } as const
const strictness = { validation: 'Strict', warn: () => {} } as const
const MARKER = 'hunter2'

function refusalOf(text: string, contentType: string): string {
  try {
    decodeBody({ bytes: Buffer.from(text), contentType }, SECRET, strictness)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('accepted')
}

function patchRefusal(patch: string, type: string): string {
  try {
    const bytes = Buffer.from(patch)
    readPatch({ bytes, contentType: `application/${type}+json` }, SECRET).apply({ data: { a: MARKER } }, strictness)
  } catch (error) {
    return JSON.stringify(error) + (error as Error).message
  }
  throw new Error('accepted')
}

describe('a refused Secret', () => {
  it.each([
    `{"data": ${MARKER}}`,
    `{"data": {"a": "${MARKER}\n"}}`,
    `{"data": {"a": "${MARKER}!"}}`,
    `{"data": {"a": 1234${'5'.repeat(3)}}}`,
    `{"data": "${MARKER}"}`,
    `{"stringData": {"a": ["${MARKER}"]}}`,
    `{"stringData": ["${MARKER}"]}`,
    `{"type": "Opaque", "nothing": "${MARKER}"}`,
    `{"immutable": "yes", "stringData": {"a": "${MARKER}"}} ${MARKER}`,
  ])('in JSON is not quoted: %s', (text) => {
    const message = refusalOf(text, 'application/json')
    expect(message).not.toContain(MARKER)
    expect(message).not.toContain('1234555')
  })

  it.each([
    `data: {a: ${MARKER}`,
    `data: b: ${MARKER}`,
    `data:\n  a: "${MARKER}\n`,
    `data: *${MARKER}`,
    `data:\n\ta: ${MARKER}`,
    `stringData: {a: [${MARKER}]}`,
  ])('in YAML is not quoted: %s', (text) => {
    expect(refusalOf(text, 'application/yaml')).not.toContain(MARKER)
  })

  it.each([
    ['merge-patch', `{"data":{"a":"${MARKER}!"}}`],
    ['merge-patch', `{"stringData":{"a":{"b":"${MARKER}"}}}`],
    ['merge-patch', `{"data": ${MARKER}}`],
    ['strategic-merge-patch', `{"nothing":"${MARKER}"}`],
    ['json-patch', `[{"op":"test","path":"/data/a","value":"${MARKER}2"}]`],
    ['json-patch', `[{"op":"add","path":"/data/a","value":"${MARKER}!"}]`],
  ])('in a %s is not quoted: %s', (type, patch) => {
    expect(patchRefusal(patch, type)).not.toContain(MARKER)
  })
})

describe('YAML', () => {
  it('says in which line it is wrong', () => {
    expect(refusalOf('data:\n  a: [x\nb: c', 'application/yaml')).toContain('yaml: line 3: bad indent')
  })

  it('tells of keys that come twice, wherever they are', () => {
    const text = 'metadata: {name: a, labels: {x: "1", x: "2"}}\nmetadata: {name: b}'
    const message = refusalOf(text, 'application/yaml')
    expect(message).toContain('key "x" already set in map')
    expect(message).toContain('key "metadata" already set in map')
  })

  it('is refused where reading it would take long', () => {
    const lines = Array.from({ length: 60_000 }, (_, index) => `k${index}: v`)
    expect(refusalOf(lines.join('\n'), 'application/yaml')).toContain('too many parts')
  })
})

describe('a body that nests deeper than a stack reaches', () => {
  const lists = '['.repeat(50_000) + ']'.repeat(50_000)
  const objects = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`

  it.each([
    ['application/json', lists],
    ['application/json', `{"metadata":${objects}}`],
    ['application/yaml', lists],
    ['application/yaml', '- '.repeat(20_000)],
    ['application/yaml', '? '.repeat(20_000)],
  ])('is refused before it is walked through: %s', (contentType, text) => {
    expect(refusalOf(text, contentType)).toContain('exceeded max depth')
  })

  it.each([
    ['merge-patch', objects, 'exceeded max depth'],
    ['strategic-merge-patch', `{"$patch":${lists}}`, 'exceeded max depth'],
    ['json-patch', `[{"op":"add","path":"/metadata","value":${lists}}]`, 'exceeded max depth'],
    ['json-patch', `[{"op":"add","path":"${'/a'.repeat(300)}","value":1}]`, 'has too many parts'],
  ])('is refused as a %s', (type, patch, why) => {
    expect(patchRefusal(patch, type)).toContain(why)
  })

  it('cannot be made by many small operations', () => {
    const step = (n: number) => [
      { op: 'add', path: `/x${n}`, value: {} },
      { op: 'move', from: `/x${n - 1}`, path: `/x${n}/y` },
    ]
    const operations = [
      { op: 'add', path: '/x0', value: {} },
      ...Array.from({ length: 4000 }, (_, n) => step(n + 1)).flat(),
    ]
    expect(patchRefusal(JSON.stringify(operations), 'json-patch')).toContain('exceeded max depth')
  })
})
