import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiHttp } from '../../../../support/api-http.ts'
import { configMap } from '../../../../support/sample-objects.ts'
import { startTestApiServer, type TestApiServer } from '../../../../support/test-api-server.ts'

const CMS = '/api/v1/namespaces/default/configmaps'

let server: TestApiServer
let api: ApiHttp

beforeAll(async () => {
  server = await startTestApiServer()
  api = new ApiHttp(server, await server.clientCertificate('admin'))
})

afterAll(async () => {
  api.close()
  await server.close()
})

describe('query parameters', () => {
  it.each([
    ['dryRun=Some', 400, 'invalid dryRun'],
    ['fieldValidation=Maybe', 400, 'supported values: Ignore, Warn, Strict'],
  ])('a create refuses %s', async (query, code, message) => {
    const { status, json } = await api.post(`${CMS}?${query}`, configMap('never'))
    expect(status).toBe(code)
    expect(json.message).toContain(message)
  })

  it.each([
    ['limit=x', 400, 'invalid query parameter limit'],
    ['limit=-1', 400, 'must be greater than or equal to 0'],
    ['labelSelector=a%20b', 400, 'unable to parse requirement'],
    ['fieldSelector=spec.replicas%3D3', 400, 'is not a known field selector'],
    ['resourceVersion=abc', 422, 'resourceVersion: Invalid value'],
    ['resourceVersionMatch=Exact', 422, 'resourceVersionMatch is forbidden unless resourceVersion is provided'],
    ['resourceVersionMatch=Exact&resourceVersion=0', 422, 'is forbidden for resourceVersion \\"0\\"'],
    ['sendInitialEvents=true', 422, 'sendInitialEvents is forbidden for list'],
    ['watch=true&sendInitialEvents=true', 422, 'requires setting resourceVersionMatch to NotOlderThan'],
    ['watch=true&resourceVersionMatch=NotOlderThan', 422, 'forbidden for watch unless sendInitialEvents'],
    ['continue=abc', 400, 'continue key is not valid'],
  ])('a list refuses %s', async (query, code, message) => {
    const { status, text } = await api.get(`${CMS}?${query}`)
    expect(status).toBe(code)
    expect(text).toContain(message)
  })

  it('dryRun changes nothing', async () => {
    expect((await api.post(`${CMS}?dryRun=All`, configMap('dry'))).status).toBe(201)
    expect((await api.get(`${CMS}/dry`)).status).toBe(404)
  })
})

describe('get and list', () => {
  beforeAll(async () => {
    await api.post('/api/v1/namespaces', { metadata: { name: 'lists' } })
    await api.post(CMS, configMap('elsewhere'))
    for (const name of ['one', 'two', 'three']) {
      await api.post('/api/v1/namespaces/lists/configmaps', {
        ...configMap(name),
        metadata: { name, labels: { size: String(name.length) } },
      })
    }
  })
  const LIST = '/api/v1/namespaces/lists/configmaps'
  const names = (list: { items: { metadata: { name: string } }[] }) => list.items.map((item) => item.metadata.name)

  it('says 404 for what is not there', async () => {
    const { status, json } = await api.get(`${CMS}/nothing`)
    expect(status).toBe(404)
    expect(json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'configmaps "nothing" not found',
      reason: 'NotFound',
      details: { name: 'nothing', kind: 'configmaps' },
      code: 404,
    })
  })

  it('lists a namespace, or all', async () => {
    const { json, headers } = await api.get(LIST)
    expect(headers['content-type']).toBe('application/json')
    expect(json).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' })
    expect(names(json)).toEqual(['one', 'three', 'two'])
    expect(names((await api.get('/api/v1/configmaps')).json)).toEqual(expect.arrayContaining(['one', 'elsewhere']))
  })

  it('selects by labels and fields', async () => {
    expect(names((await api.get(`${LIST}?labelSelector=size%3D3`)).json)).toEqual(['one', 'two'])
    expect(names((await api.get(`${LIST}?labelSelector=size%20notin%20(3)`)).json)).toEqual(['three'])
    expect(names((await api.get(`${LIST}?fieldSelector=metadata.name%3Dtwo`)).json)).toEqual(['two'])
  })

  it('gives pages that show one state', async () => {
    const first = (await api.get(`${LIST}?limit=2`)).json
    expect(names(first)).toEqual(['one', 'three'])
    expect(first.metadata).toMatchObject({ remainingItemCount: 1, continue: expect.any(String) })
    const second = (await api.get(`${LIST}?limit=2&continue=${first.metadata.continue}`)).json
    expect(names(second)).toEqual(['two'])
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    const wrong = await api.get(`${LIST}?continue=${first.metadata.continue}&resourceVersion=3`)
    expect(wrong.json.message).toBe('specifying resource version is not allowed when using continue')
  })

  it('can show an old state exactly, and any that is not older', async () => {
    const before = (await api.get(LIST)).json.metadata.resourceVersion
    await api.post(LIST, configMap('four'))
    const exact = await api.get(`${LIST}?resourceVersion=${before}&resourceVersionMatch=Exact`)
    expect(names(exact.json)).not.toContain('four')
    const newer = await api.get(`${LIST}?resourceVersion=${before}&resourceVersionMatch=NotOlderThan`)
    expect(names(newer.json)).toContain('four')
    expect(names((await api.get(`${LIST}?resourceVersion=0`)).json)).toContain('four')
    await api.delete(`${LIST}/four`)
  })

  it('indents on demand', async () => {
    expect((await api.get(`${LIST}/one?pretty=true`)).text).toContain('\n  "metadata": {')
  })
})
