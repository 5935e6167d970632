import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { negotiate } from '../../../../../controlplane/apiserver/output/representation.ts'
import type { ConfigMap } from '../../../../../shared/api/kinds.ts'
import { ApiHttp } from '../../../../support/api-http.ts'
import { configMap, deployment } from '../../../../support/sample-objects.ts'
import { startTestApiServer, type TestApiServer } from '../../../../support/test-api-server.ts'

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const KUBECTL_TABLE =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'

let server: TestApiServer
let api: ApiHttp

beforeAll(async () => {
  server = await startTestApiServer()
  api = new ApiHttp(server, await server.clientCertificate('admin'))
  await api.post(DEPLOYMENTS, deployment('web'))
})

afterAll(async () => {
  api.close()
  await server.close()
})

describe('negotiate', () => {
  const TABLES = ['Table.meta.k8s.io/v1']
  it.each([
    [undefined, 'application/json'],
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['application/vnd.kubernetes.protobuf, application/json', 'application/json'],
    ['application/yaml', 'application/yaml'],
    ['application/json;q=0.1, application/yaml;q=0.9', 'application/yaml'],
    ['application/json;q=0, application/yaml', 'application/yaml'],
    ['application/json;as=Table;v=v1;g=meta.k8s.io', 'application/json;g=meta.k8s.io;v=v1;as=Table'],
    ['application/json;as=Table;v=v9;g=meta.k8s.io, application/json', 'application/json'],
  ])('%s gives %s', (accept, contentType) => expect(negotiate(accept, TABLES).contentType).toBe(contentType))

  it.each(['text/html', 'application/vnd.kubernetes.protobuf', 'application/json;as=Table;v=v9;g=meta.k8s.io'])(
    'refuses %s',
    (accept) => expect(() => negotiate(accept, TABLES)).toThrow('only the following media types are accepted'),
  )
})

describe('tables', () => {
  it('list what kubectl get shows', async () => {
    const { json, headers } = await api.get(DEPLOYMENTS, { accept: KUBECTL_TABLE })
    expect(headers['content-type']).toBe('application/json;g=meta.k8s.io;v=v1;as=Table')
    expect(json).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: expect.any(String) },
      rows: [
        {
          cells: expect.arrayContaining(['web', '0/2']),
          object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'web' } },
        },
      ],
    })
    expect(json.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['Name', 'Ready', 'Up-to-date', 'Available', 'Age']),
    )
    expect(json.rows[0].object).not.toHaveProperty('spec')
  })

  it('carry as much of the objects as is wanted', async () => {
    const rows = async (include: string) =>
      (await api.get(`${DEPLOYMENTS}?includeObject=${include}`, { accept: KUBECTL_TABLE })).json.rows
    expect((await rows('Object'))[0].object).toMatchObject({ kind: 'Deployment', spec: { replicas: 2 } })
    expect((await rows('None'))[0]).not.toHaveProperty('object')
    expect((await api.get(`${DEPLOYMENTS}?includeObject=All`, { accept: KUBECTL_TABLE })).status).toBe(400)
  })

  it('show one object, in the older version too', async () => {
    const accept = 'application/json;as=Table;v=v1beta1;g=meta.k8s.io'
    const { json } = await api.get(`${DEPLOYMENTS}/web`, { accept })
    expect(json).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1beta1', rows: [{}] })
  })

  it('are for objects: an error is a Status', async () => {
    const { json } = await api.get(`${DEPLOYMENTS}/nothing`, { accept: KUBECTL_TABLE })
    expect(json).toMatchObject({ kind: 'Status', code: 404 })
  })
})

describe('other shapes', () => {
  it('give metadata alone', async () => {
    const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
    const { json } = await api.get(`${DEPLOYMENTS}/web`, { accept })
    expect(json).toMatchObject({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'web' },
    })
    expect(json).not.toHaveProperty('spec')
    const list = await api.get(DEPLOYMENTS, { accept: accept.replace('Metadata;', 'MetadataList;') })
    expect(list.json).toMatchObject({ kind: 'PartialObjectMetadataList', items: [{ kind: 'PartialObjectMetadata' }] })
  })

  it('are YAML that is read back as the same', async () => {
    const path = '/api/v1/namespaces/default/configmaps'
    await api.post(path, configMap('yaml', { yes: 'yes', octal: '0644', many: 'a\nb\n' }))
    const { text, headers } = await api.get(`${path}/yaml`, { accept: 'application/yaml' })
    expect(headers['content-type']).toBe('application/yaml')
    expect(parse(text, { version: '1.1' })).toEqual((await api.get(`${path}/yaml`)).json)
    const list = await api.get(path, { accept: 'application/yaml' })
    expect(parse(list.text, { version: '1.1' })).toEqual((await api.get(path)).json)
  })

  it('are lists longer than what is written at once', async () => {
    const maps = '/api/v1/namespaces/default/configmaps'
    const names = ['long-a', 'long-b', 'long-c']
    const textOf = (name: string) => name.repeat(30_000)
    for (const name of names) await api.post(maps, configMap(name, { text: textOf(name) }))
    const { json } = await api.get(maps)
    const texts = new Map(json.items.map(({ metadata, data }: ConfigMap) => [metadata.name, data?.text]))
    for (const name of names) expect(texts.get(name)).toBe(textOf(name))
    for (const name of names) await api.delete(`${maps}/${name}`)
  })
})
