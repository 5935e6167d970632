import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiHttp } from '../../../../support/api-http.ts'
import { configMap, pod } from '../../../../support/sample-objects.ts'
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

describe('delete', () => {
  it('says what it deleted', async () => {
    const { json } = await api.post(CMS, configMap('gone'))
    const { status, json: answer } = await api.delete(`${CMS}/gone`, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
    })
    expect(status).toBe(200)
    expect(answer).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'gone', kind: 'configmaps', uid: json.metadata.uid },
    })
    expect((await api.delete(`${CMS}/gone`)).status).toBe(404)
  })

  it('returns what it deleted where Kubernetes does: clients with types make a Pod of it', async () => {
    const pods = '/api/v1/namespaces/default/pods'
    const { json } = await api.post(pods, pod('short'))
    const { status, json: answer } = await api.delete(`${pods}/short?gracePeriodSeconds=0`)
    expect(status).toBe(200)
    expect(answer).toMatchObject({ kind: 'Pod', metadata: { uid: json.metadata.uid }, status: { phase: 'Pending' } })
    expect((await api.delete(`${pods}/short`)).status).toBe(404)
  })

  it('shows the object where finalizers keep it', async () => {
    await api.post(CMS, { metadata: { name: 'kept', finalizers: ['test/keep'] } })
    expect((await api.delete(`${CMS}/kept`)).json.metadata.deletionTimestamp).toEqual(expect.any(String))
    await api.patch(`${CMS}/kept`, 'merge', { metadata: { finalizers: null } })
    expect((await api.get(`${CMS}/kept`)).status).toBe(404)
  })

  it('honours preconditions and options', async () => {
    await api.post(CMS, configMap('guarded'))
    expect((await api.delete(`${CMS}/guarded`, { preconditions: { uid: 'other' } })).status).toBe(409)
    expect((await api.delete(`${CMS}/guarded`, { propagationPolicy: 'Maybe' })).status).toBe(422)
    expect((await api.delete(`${CMS}/guarded?propagationPolicy=Maybe`)).status).toBe(422)
    expect((await api.delete(`${CMS}/guarded`, { dryRun: ['All'] })).status).toBe(200)
    expect((await api.delete(`${CMS}/guarded`, { kind: 'Pod' })).status).toBe(400)
    expect((await api.get(`${CMS}/guarded`)).status).toBe(200)
  })

  it('deletes what a selector finds', async () => {
    await api.post('/api/v1/namespaces', { metadata: { name: 'many' } })
    const path = '/api/v1/namespaces/many/configmaps'
    for (const name of ['a', 'b', 'c']) {
      await api.post(path, { metadata: { name, labels: { group: name === 'c' ? 'y' : 'x' } } })
    }
    const { status, json } = await api.delete(`${path}?labelSelector=group%3Dx`)
    expect(status).toBe(200)
    expect(json).toMatchObject({
      kind: 'ConfigMapList',
      items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
    })
    expect((await api.get(path)).json.items).toHaveLength(1)
  })
})
