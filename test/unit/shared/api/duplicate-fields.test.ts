import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { duplicateFields } from '../../../../shared/api/duplicate-fields.ts'

describe('duplicateFields', () => {
  it('names the path of each repetition', () => {
    const json = '{"spec":{"a":1,"list":[{"b":1},{"b":1,"b":"{\\"b\\":2}"}],"a":{"c":1}},"a":1,"spec":2}'
    expect(duplicateFields(json)).toEqual(['spec.list[1].b', 'spec.a', 'spec'])
  })

  it('sees through escapes in names', () => {
    expect(duplicateFields('{"a":1,"\\u0061":2,"x\\"y":1,"x\\"y":2}')).toEqual(['a', 'x"y'])
  })

  it('finds none in what JSON.stringify wrote', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(duplicateFields(json)).toEqual([])
      }),
    )
  })

  it('reports a hundred at most', () => {
    expect(duplicateFields(`{${Array(500).fill('"a":1').join(',')}}`)).toHaveLength(100)
  })
})
