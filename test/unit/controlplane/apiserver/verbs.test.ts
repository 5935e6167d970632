import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiHttp } from '../../../support/api-http.ts'
import { encodeProtobuf } from '../../../support/encode-protobuf.ts'
import { configMap, deployment, pod } from '../../../support/sample-objects.ts'
import { startTestApiServer, type TestApiServer } from '../../../support/test-api-server.ts'

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

describe('create', () => {
  it('answers 201 with the object as it is kept', async () => {
    const { status, json } = await api.post(CMS, configMap('created'))
    expect(status).toBe(201)
    expect(json).toMatchObject({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'created', namespace: 'default', uid: expect.any(String), resourceVersion: expect.any(String) },
      data: { a: 'b' },
    })
  })

  it('fills in kind and apiVersion, and takes a body without a content type as JSON', async () => {
    const body = JSON.stringify({ metadata: { name: 'bare' } })
    expect((await api.post(CMS, body)).json).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' })
  })

  it('reads YAML 1.1 as Kubernetes does', async () => {
    const yaml = 'metadata: {name: yaml}\ndata:\n  quoted: "yes"\n  text: !!str 2030-01-01\n'
    const { status, json } = await api.post(CMS, yaml, { 'content-type': 'application/yaml' })
    expect(status).toBe(201)
    expect(json.data).toEqual({ quoted: 'yes', text: '2030-01-01' })
    const wrong = await api.post(CMS, 'metadata: {name: y2}\ndata: {a: yes}', { 'content-type': 'application/yaml' })
    expect(wrong.json.message).toContain('data.a: expected a string, found the boolean true')
  })

  it('refuses YAML that grows out of all proportion', async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e', 'f', 'g']
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdef'[i]}`).join(',')}]\n`)
      .join('')}`
    const { status, json } = await api.post(CMS, bomb, { 'content-type': 'application/yaml' })
    expect(status).toBe(400)
    expect(json.message).toContain('Excessive alias count')
  })

  it('reads protobuf', async () => {
    const body = encodeProtobuf('apps/v1', 'Deployment', 'apps.v1.Deployment', deployment('proto', 0))
    const type = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    const { status, json } = await api.post(DEPLOYMENTS, body, type)
    expect(status).toBe(201)
    expect(json.spec.replicas).toBe(0)
    const wrong = await api.post(CMS, body, type)
    expect(wrong.json.message).toBe('Deployment in version "apps/v1" cannot be handled as a ConfigMap')
    expect((await api.post(CMS, 'k8s\0\xff\xff', type)).status).toBe(400)
  })

  it.each([
    ['an object that exists', configMap('created'), 409, 'AlreadyExists', 'configmaps "created" already exists'],
    ['another kind', pod('x'), 400, 'BadRequest', 'Pod in version "v1" cannot be handled as a ConfigMap'],
    [
      'another version',
      { ...configMap('x'), apiVersion: 'v2' },
      400,
      'BadRequest',
      'does not match the expected API version (v1)',
    ],
    [
      'another namespace',
      { metadata: { name: 'x', namespace: 'other' } },
      400,
      'BadRequest',
      'does not match the namespace sent on the request',
    ],
    ['no object', [], 400, 'BadRequest', 'the body must be an object'],
    [
      'a wrong type',
      { metadata: { name: 3 } },
      400,
      'BadRequest',
      'metadata.name: expected a string, found the number 3',
    ],
    ['a wrong name', { metadata: { name: 'A_B' } }, 422, 'Invalid', 'metadata.name: Invalid value: "A_B"'],
    ['a broken body', '{"metadata":', 400, 'BadRequest', "couldn't get version/kind; json parse error"],
    ['an empty body', '', 400, 'BadRequest', 'json parse error'],
  ])('refuses %s', async (_, body, code, reason, message) => {
    const { status, json } = await api.post(CMS, body)
    expect(status).toBe(code)
    expect(json).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code })
    expect(json.message).toContain(message)
  })

  it('refuses content it cannot read with 415', async () => {
    const { status, json } = await api.post(CMS, 'x', { 'content-type': 'text/plain' })
    expect(status).toBe(415)
    expect(json.reason).toBe('UnsupportedMediaType')
  })

  it('refuses more than 3 MiB with 413', async () => {
    const { status, json } = await api.post(CMS, 'x'.repeat(3 * 1024 * 1024 + 1))
    expect(status).toBe(413)
    expect(json.reason).toBe('RequestEntityTooLarge')
    expect((await api.get(CMS)).status).toBe(200)
  })
})

describe('bodies that are made to hurt', () => {
  const deep = (open: string, close: string, depth = 200_000) => open.repeat(depth) + close.repeat(depth)

  it.each([
    ['JSON', 'application/json', `{"metadata":{"name":"deep"},"data":${deep('{"a":', '}').replace(':}', ':1}')}}`],
    ['JSON lists', 'application/json', deep('[', ']')],
    ['YAML', 'application/yaml', deep('[', ']', 20_000)],
    [
      'protobuf',
      'application/vnd.kubernetes.protobuf',
      Buffer.concat([Buffer.from('k8s\0'), Buffer.alloc(100_000, 0x0b)]),
    ],
  ])('are refused: %s', async (_, type, body) => {
    const { status, json } = await api.post(CMS, body, { 'content-type': type })
    expect({ status, reason: json.reason }).toEqual({ status: 400, reason: 'BadRequest' })
  })

  it.each([
    ['merge', `{"data":${deep('{"a":', '}').replace(':}', ':1}')}}`],
    ['strategic-merge', `{"data":${deep('{"a":', '}').replace(':}', ':1}')}}`],
    ['json', `[{"op":"add","path":"/data","value":${deep('[', ']')}}]`],
  ] as const)('are refused as patches: %s', async (type, body) => {
    await api.post(CMS, configMap('victim'))
    const { status, json } = await api.patch(`${CMS}/victim`, type, body)
    expect({ status, reason: json.reason }).toEqual({ status: 422, reason: 'Invalid' })
  })
})

describe('field validation', () => {
  const body = '{"metadata":{"name":"fields","labelz":{}},"data":{"a":"1"},"data":{"a":"2"}}'

  it('Strict refuses unknown and repeated fields', async () => {
    const { status, json } = await api.post(`${CMS}?fieldValidation=Strict`, body)
    expect(status).toBe(400)
    expect(json.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data", unknown field "metadata.labelz"',
    )
  })

  it('Warn, the default, says so in headers', async () => {
    const { status, headers } = await api.sendHttp1('POST', `${CMS}?dryRun=All`, { body })
    expect(status).toBe(201)
    expect(headers.warning).toBe('299 - "duplicate field \\"data\\"", 299 - "unknown field \\"metadata.labelz\\""')
  })

  it('Ignore says nothing', async () => {
    const { status, headers } = await api.post(`${CMS}?dryRun=All&fieldValidation=Ignore`, body)
    expect(status).toBe(201)
    expect(headers.warning).toBeUndefined()
  })

  it('counts for the results of patches', async () => {
    await api.post(CMS, configMap('patched'))
    const { status, json } = await api.patch(`${CMS}/patched?fieldValidation=Strict`, 'merge', { dataa: {} })
    expect(status).toBe(422)
    expect(json.message).toContain('strict decoding error: unknown field "dataa"')
  })
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
    expect(names((await api.get('/api/v1/configmaps')).json)).toEqual(expect.arrayContaining(['one', 'created']))
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
