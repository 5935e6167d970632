import { describe, expect, it } from 'vitest'
import { createOpenApi } from '../../../../../controlplane/apiserver/openapi/openapi.ts'
import { eachField, readBytes, readString } from '../../../../../shared/api/protobuf-reader.ts'

const openApi = createOpenApi('v1.36.0')
const find = (path: string, accept = 'application/json') => {
  const document = openApi.find(path, accept)
  if (!document) throw new Error(`no ${path}`)
  return document
}
const read = (path: string, accept?: string) => JSON.parse(Buffer.from(find(path, accept).bytes).toString())

describe('OpenAPI v3', () => {
  it('has an index whose addresses change with the documents', () => {
    const { paths } = read('/openapi/v3')
    expect(Object.keys(paths)).toEqual([
      'api/v1',
      'apis/apps/v1',
      'apis/storage.k8s.io/v1',
      'apis/scheduling.k8s.io/v1',
      'apis/coordination.k8s.io/v1',
      'apis/discovery.k8s.io/v1',
      'apis/metrics.k8s.io/v1beta1',
    ])
    expect(paths['apis/apps/v1'].serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/)
  })

  it('describes types with what clients need to patch them', () => {
    const { schemas } = read('/openapi/v3/api/v1').components
    expect(schemas['io.k8s.api.core.v1.Pod']).toMatchObject({
      properties: {
        apiVersion: { type: 'string' },
        spec: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }] },
      },
      'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Pod' }],
    })
    const spec = schemas['io.k8s.api.core.v1.PodSpec']
    expect(spec.required).toEqual(['containers'])
    expect(spec.properties.containers).toEqual({
      type: 'array',
      items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
    })
    expect(schemas['io.k8s.api.core.v1.HTTPGetAction'].properties.port).toMatchObject({ format: 'int-or-string' })
  })

  it('has no reference to what is not there', () => {
    for (const path of ['api/v1', 'apis/apps/v1', 'apis/storage.k8s.io/v1', 'apis/coordination.k8s.io/v1']) {
      const document = read(`/openapi/v3/${path}`)
      const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
        ([, name]) => name,
      )
      const missing = references.filter((name) => !((name as string) in document.components.schemas))
      expect(missing).toEqual([])
    }
  })

  it('says of PATCH what kubectl asks for', () => {
    const { paths } = read('/openapi/v3/apis/apps/v1')
    const { patch } = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']
    expect(patch['x-kubernetes-group-version-kind']).toEqual({ group: 'apps', version: 'v1', kind: 'Deployment' })
    const names = patch.parameters.map(({ name }: { name: string }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['namespace', 'name', 'dryRun', 'fieldManager', 'fieldValidation', 'force']),
    )
  })

  it('gives every operation a name of its own', () => {
    const ids = ['api/v1', 'apis/apps/v1'].flatMap((path) =>
      [...JSON.stringify(read(`/openapi/v3/${path}`).paths).matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('OpenAPI v2', () => {
  it('is JSON, or protobuf for who asks for that', () => {
    const PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
    const json = read('/openapi/v2')
    expect(json).toMatchObject({ swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.36.0' } })
    const document = find('/openapi/v2', PROTOBUF)
    expect(document.contentType).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
    expect(definitionNames(document.bytes)).toEqual(Object.keys(json.definitions))
    expect(find('/openapi/v2', `application/json, ${PROTOBUF}`).contentType).toBe('application/json')
  })
})

it('knows nothing else, and makes nothing twice', () => {
  expect(openApi.find('/openapi/v3/apis/batch/v1', 'application/json')).toBeUndefined()
  expect(find('/openapi/v3/api/v1')).toBe(find('/openapi/v3/api/v1'))
})

/** Document.definitions (9), its additional_properties (1), their name (1). */
function definitionNames(bytes: Uint8Array): string[] {
  const names: string[] = []
  const inside = (outer: Uint8Array, number: number, use: (inner: Uint8Array) => void) =>
    eachField(outer, (field) => {
      if (field.number !== number) return false
      use(readBytes(field))
      return true
    })
  inside(bytes, 9, (definitions) =>
    inside(definitions, 1, (named) =>
      eachField(named, (field) => {
        if (field.number !== 1) return false
        names.push(readString(field))
        return true
      }),
    ),
  )
  return names
}
