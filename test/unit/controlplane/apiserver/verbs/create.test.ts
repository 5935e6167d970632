import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiHttp } from '../../../../support/api-http.ts'
import { encodeProtobuf } from '../../../../support/encode-protobuf.ts'
import { configMap, deployment, pod } from '../../../../support/sample-objects.ts'
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
    expect(wrong.json.message).toContain('data.a: expected a string, found a boolean')
  })

  it('refuses YAML that grows out of all proportion', async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e', 'f', 'g']
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdef'[i]}`).join(',')}]\n`)
      .join('')}`
    const { status, json } = await api.post(CMS, bomb, { 'content-type': 'application/yaml' })
    expect(status).toBe(400)
    expect(json.message).toContain('excessive alias count')
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
    ['a wrong type', { metadata: { name: 3 } }, 400, 'BadRequest', 'metadata.name: expected a string, found a number'],
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
