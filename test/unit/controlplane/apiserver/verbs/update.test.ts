import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiHttp } from '../../../../support/api-http.ts'
import { configMap, deployment } from '../../../../support/sample-objects.ts'
import { startTestApiServer, type TestApiServer } from '../../../../support/test-api-server.ts'

const CMS = '/api/v1/namespaces/default/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

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

describe('update', () => {
  it('replaces the object, and conflicts with a newer one', async () => {
    const created = (await api.post(CMS, configMap('updated'))).json
    const changed = await api.put(`${CMS}/updated`, { ...created, data: { a: 'c' } })
    expect(changed.status).toBe(200)
    expect(changed.json.data).toEqual({ a: 'c' })
    const stale = await api.put(`${CMS}/updated`, { ...created, data: { a: 'd' } })
    expect(stale.status).toBe(409)
    expect(stale.json).toMatchObject({ reason: 'Conflict', details: { name: 'updated', kind: 'configmaps' } })
  })

  it('does not create', async () => {
    expect((await api.put(`${CMS}/absent`, configMap('absent'))).status).toBe(404)
  })

  it('wants the same name as the address', async () => {
    const { status, json } = await api.put(`${CMS}/updated`, configMap('other'))
    expect(status).toBe(400)
    expect(json.message).toBe('the name of the object (other) does not match the name on the URL (updated)')
  })
})

describe('patch', () => {
  beforeAll(() => api.post(DEPLOYMENTS, deployment('patch')))
  const PATH = `${DEPLOYMENTS}/patch`

  it('merges, strategically or not, and applies JSON patches', async () => {
    const strategic = {
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'c', image: 'x:2' },
              { name: 'd', image: 'd' },
            ],
          },
        },
      },
    }
    const merged = (await api.patch(PATH, 'strategic-merge', strategic)).json
    expect(merged.spec.template.spec.containers.map((c: { name: string; image: string }) => [c.name, c.image])).toEqual(
      [
        ['c', 'x:2'],
        ['d', 'd'],
      ],
    )
    expect((await api.patch(PATH, 'merge', { spec: { replicas: 5 } })).json.spec.replicas).toBe(5)
    const json = await api.patch(PATH, 'json', [{ op: 'replace', path: '/spec/replicas', value: 1 }])
    expect(json.json.spec.replicas).toBe(1)
  })

  it('writes nothing where nothing changes', async () => {
    const before = (await api.get(PATH)).json.metadata.resourceVersion
    const { json } = await api.patch(PATH, 'merge', { spec: { replicas: 1 } })
    expect(json.metadata.resourceVersion).toBe(before)
  })

  it.each([
    ['a failed test', 'json', [{ op: 'test', path: '/spec/replicas', value: 9 }], 422, 'testing value'],
    ['a wrong type', 'merge', { spec: { replicas: 'x' } }, 422, 'spec.replicas: expected an integer'],
    ['a value that is not valid', 'merge', { spec: { replicas: -1 } }, 422, 'spec.replicas: Invalid value: -1'],
    ['an old version', 'merge', { metadata: { resourceVersion: '1' } }, 409, 'the object has been modified'],
    ['another name', 'merge', { metadata: { name: 'x' } }, 400, 'does not match the name on the URL'],
    ['broken JSON', 'merge', '{', 400, 'error decoding patch'],
    ['a list', 'merge', [], 400, 'must be an object'],
    ['server-side apply', 'apply', {}, 415, 'server-side apply is not supported yet'],
  ] as const)('refuses %s', async (_, type, body, code, message) => {
    const { status, json } = await api.patch(PATH, type, body)
    expect(status).toBe(code)
    expect(json.message).toContain(message)
  })

  it('is retried where many patch at once', async () => {
    await api.post(CMS, configMap('busy', {}))
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key) => api.patch(`${CMS}/busy`, 'merge', { data: { [key]: 'x' } })))
    expect(Object.keys((await api.get(`${CMS}/busy`)).json.data).sort()).toEqual(keys.sort())
  })
})
