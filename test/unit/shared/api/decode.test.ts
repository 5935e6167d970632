import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError, decode } from '../../../../shared/api/decode.ts'

const pod = (input: unknown) => decode('core.v1.Pod', input)

describe('decode', () => {
  it('keeps what the schema knows and reports the rest with its path', () => {
    const { value, unknownFields } = pod({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', labels: { a: 'b' } },
      spec: { containers: [{ name: 'c' }, { name: 'd', imagee: 'x' }], replicas: 3 },
      extra: {},
    })
    expect(value).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', labels: { a: 'b' } },
      spec: { containers: [{ name: 'c' }, { name: 'd' }] },
    })
    expect(unknownFields).toEqual(['spec.containers[1].imagee', 'spec.replicas', 'extra'])
  })

  it('drops nulls, but reads null in a map of strings as empty, as Go does', () => {
    const { value } = decode('core.v1.ConfigMap', { metadata: null, data: { a: null, b: 'c' }, binaryData: null })
    expect(value).toEqual({ data: { a: '', b: 'c' } })
  })

  it('brings quantities and times into their normal form', () => {
    const { value } = pod({
      metadata: { creationTimestamp: '2030-01-01T02:00:00.999+02:00' },
      spec: { containers: [{ name: 'c', resources: { requests: { cpu: 0.5, memory: '1024Mi' } } }] },
    })
    expect(value).toMatchObject({
      metadata: { creationTimestamp: '2030-01-01T00:00:00Z' },
      spec: { containers: [{ resources: { requests: { cpu: '500m', memory: '1Gi' } } }] },
    })
    const lease = decode('coordination.v1.Lease', { spec: { renewTime: '2030-01-01T00:00:00.1234567Z' } })
    expect(lease.value).toEqual({ spec: { renewTime: '2030-01-01T00:00:00.123456Z' } })
  })

  it.each([
    [{ spec: { containers: [{ name: 3 }] } }, 'spec.containers[0].name: expected a string, found a number'],
    [{ spec: { containers: {} } }, 'spec.containers: expected a list, found an object'],
    [{ spec: [] }, 'spec: expected an object, found a list'],
    [{ spec: { priority: 1.5 } }, 'spec.priority: expected an integer of 32 bits, found the number 1.5'],
    [{ spec: { priority: 2 ** 31 } }, 'spec.priority: expected an integer of 32 bits, found the number 2147483648'],
    [{ spec: { hostNetwork: 'yes' } }, 'spec.hostNetwork: expected true or false, found the string "yes"'],
    [{ metadata: { labels: { a: 1 } } }, 'metadata.labels.a: expected a string, found a number'],
    [{ metadata: { labels: 'a' } }, 'metadata.labels: expected a map, found a string'],
    [{ kind: 's', metadata: { finalizers: 'secret' } }, 'metadata.finalizers: expected a list, found a string'],
    [{ kind: 3 }, 'kind: expected a string, found a number'],
    [{ spec: { containers: [null] } }, 'spec.containers[0]: expected an object, found null'],
    [
      { spec: { containers: [{ resources: { limits: { cpu: 'lots' } } }] } },
      'spec.containers[0].resources.limits.cpu: expected a quantity such as 100m or 1Gi, found the string "lots"',
    ],
    [{ metadata: { creationTimestamp: 'today' } }, /^metadata.creationTimestamp: expected a time/],
    ['x', 'the object: expected an object, found a string'],
  ])('refuses %j with the path', (input, message) => expect(() => pod(input)).toThrow(message))

  it('refuses data that is not base64', () => {
    const found = (text: string) =>
      `data.a: expected a string in base64, found illegal base64 data at input byte ${text}`
    expect(() => decode('core.v1.Secret', { data: { a: '!' } })).toThrow(found('0'))
    expect(() => decode('core.v1.Secret', { data: { a: 'not base64' } })).toThrow(found('3'))
    expect(() => decode('core.v1.Secret', { data: { a: 'YQ=' } })).toThrow(found('3'))
    expect(() => decode('core.v1.Secret', { data: { a: 1 } })).toThrow('expected a string in base64, found a number')
  })

  it('treats __proto__ and constructor as plain data', () => {
    const input = JSON.parse(
      '{"metadata":{"labels":{"__proto__":"x","constructor":"y"},"__proto__":{"name":"evil"}},"__proto__":{}}',
    )
    const { value, unknownFields } = pod(input)
    const labels = (value.metadata as { labels: object; name?: string }).labels
    expect(Object.entries(labels)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
    expect((value.metadata as { name?: string }).name).toBeUndefined()
    expect(unknownFields).toEqual(['metadata.__proto__', '__proto__'])
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('bounds free-form JSON', () => {
    let data: unknown = {}
    for (let depth = 0; depth < 200; depth++) data = { data }
    expect(() => decode('apps.v1.ControllerRevision', { data, revision: 1 })).toThrow('not nested too deep')
  })

  it('reports a hundred unknown fields at most', () => {
    const input = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x${index}`, 1]))
    expect(pod(input).unknownFields).toHaveLength(100)
  })

  it('either decodes anything, the same way twice, or says why not', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (spec) => {
        try {
          const { value } = pod({ metadata: spec, spec })
          expect(pod(value).value).toEqual(value)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
    )
  })
})
