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
    expect({ status, reason: json.reason }).toEqual({ status: 400, reason: 'BadRequest' })
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
