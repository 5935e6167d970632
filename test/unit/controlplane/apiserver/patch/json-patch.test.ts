import fc from 'fast-check'
import { createPatch } from 'rfc6902'
import { describe, expect, it } from 'vitest'
import { applyJsonPatch } from '../../../../../controlplane/apiserver/patch/json-patch.ts'
import { ApiError } from '../../../../../shared/api/api-error.ts'

const object = { metadata: { labels: { a: '1', 'x/y': '2', 'm~n': '3' } }, list: [1, 2, 3] }

describe('applyJsonPatch', () => {
  it.each([
    ['add to an object', [{ op: 'add', path: '/metadata/labels/b', value: '2' }], 'metadata.labels.b', '2'],
    ['add into a list', [{ op: 'add', path: '/list/1', value: 9 }], 'list', [1, 9, 2, 3]],
    ['add at the end', [{ op: 'add', path: '/list/-', value: 9 }], 'list', [1, 2, 3, 9]],
    ['remove', [{ op: 'remove', path: '/list/0' }], 'list', [2, 3]],
    ['replace', [{ op: 'replace', path: '/list', value: [] }], 'list', []],
    [
      'replace what is escaped',
      [{ op: 'replace', path: '/metadata/labels/x~1y', value: '9' }],
      'metadata.labels.x/y',
      '9',
    ],
    ['copy', [{ op: 'copy', from: '/list/2', path: '/list/0' }], 'list', [3, 1, 2, 3]],
    ['move', [{ op: 'move', from: '/metadata/labels/m~0n', path: '/name' }], 'name', '3'],
    ['test', [{ op: 'test', path: '/list', value: [1, 2, 3] }], 'list', [1, 2, 3]],
    ['test for absence', [{ op: 'test', path: '/nothing', value: null }], 'list', [1, 2, 3]],
  ])('can %s', (_, patch, path, expected) => {
    const before = structuredClone(object)
    let result: unknown = applyJsonPatch(object, patch)
    for (const part of path.split('.')) result = (result as Record<string, unknown>)[part]
    expect(result).toEqual(expected)
    expect(object).toEqual(before)
  })

  it.each([
    ['a failed test', [{ op: 'test', path: '/list/0', value: 2 }], 422, 'testing value "/list/0" failed'],
    [
      'a failed test after a change',
      [
        { op: 'remove', path: '/list' },
        { op: 'test', path: '/list', value: 1 },
      ],
      422,
      'testing value',
    ],
    ['what is not there', [{ op: 'remove', path: '/list/3' }], 422, 'there is no "/list/3"'],
    ['a place beyond the end', [{ op: 'add', path: '/list/4', value: 1 }], 422, 'there is no'],
    ['an index with a leading zero', [{ op: 'replace', path: '/list/01', value: 1 }], 422, 'there is no'],
    ['a parent that is no container', [{ op: 'add', path: '/list/0/x', value: 1 }], 422, 'there is no'],
    ['moving into itself', [{ op: 'move', from: '/metadata', path: '/metadata/labels/x' }], 422, 'into itself'],
    ['an unknown operation', [{ op: 'increment', path: '/list/0', value: 1 }], 400, 'unknown op'],
    ['a missing value', [{ op: 'add', path: '/x' }], 400, 'needs a value'],
    ['no pointer', [{ op: 'remove', path: 'list' }], 400, 'no JSON pointer'],
    ['no list', { op: 'remove', path: '/list' }, 400, 'is a list of operations'],
    ['too many operations', Array(10_001).fill({ op: 'test', path: '/list/0', value: 1 }), 413, '10000'],
  ])('refuses %s', (_, patch, code, message) => {
    expect(() => applyJsonPatch(object, patch)).toThrow(expect.objectContaining({ code }))
    expect(() => applyJsonPatch(object, patch)).toThrow(message)
  })

  it('refuses to double an object over and over', () => {
    const patch = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '', path: `/x${index}` }))
    expect(() => applyJsonPatch({ big: 'x'.repeat(1000) }, patch)).toThrow('the copies are too large')
  })

  it('never reaches what the process shares', () => {
    const paths = ['/__proto__/x', '/constructor/prototype/x', '/toString/x', '/hasOwnProperty/call', '/list/push/x']
    for (const path of paths) expect(() => applyJsonPatch(object, [{ op: 'add', path, value: 1 }])).toThrow(ApiError)
    const result = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { x: 1 } }])
    expect(Object.keys(result as object)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('turns any document into any other by the patch of a library', () => {
    const document = fc.dictionary(fc.stringMatching(/^[a-c~/]{1,3}$/), fc.jsonValue({ maxDepth: 3 }))
    fc.assert(
      fc.property(document, document, (from, to) => {
        expect(applyJsonPatch(from, createPatch(from, to))).toEqual(to)
      }),
    )
  })
})
