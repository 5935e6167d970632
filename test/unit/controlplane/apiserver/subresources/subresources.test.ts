import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiError } from '../../../../../shared/api/api-error.ts'
import type { StreamRequest } from '../../../../../shared/protocol/frames.ts'
import type { Stream } from '../../../../../shared/protocol/stream.ts'
import { ApiHttp } from '../../../../support/api-http.ts'
import { deployment, pod } from '../../../../support/sample-objects.ts'
import { startTestApiServer, type TestApiServer } from '../../../../support/test-api-server.ts'

const PODS = '/api/v1/namespaces/default/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

let server: TestApiServer
let api: ApiHttp
const opened: { node: string; request: StreamRequest; signal: AbortSignal }[] = []
let output: Stream['input'] = chunks([])

beforeAll(async () => {
  server = await startTestApiServer({
    nodeStreams: {
      async open(node, request, signal) {
        if (node === 'lost') throw new ApiError('ServiceUnavailable', 'node lost is not connected')
        opened.push({ node, request, signal })
        return { input: output, write: async () => {}, end: () => {}, signal }
      },
    },
  })
  api = new ApiHttp(server, await server.clientCertificate('admin'))
})

afterAll(async () => {
  api.close()
  await server.close()
})

async function* chunks(texts: [number, string][]): Stream['input'] {
  for (const [channel, text] of texts) yield { channel, data: Buffer.from(text) }
}

describe('status', () => {
  it('is written apart from the rest', async () => {
    await api.post(DEPLOYMENTS, deployment('status'))
    const { json } = await api.patch(`${DEPLOYMENTS}/status/status`, 'merge', {
      spec: { replicas: 9 },
      status: { replicas: 2 },
    })
    expect(json).toMatchObject({ spec: { replicas: 2 }, status: { replicas: 2 } })
    const whole = await api.patch(`${DEPLOYMENTS}/status`, 'merge', { status: { replicas: 7 } })
    expect(whole.json.status.replicas).toBe(2)
    const put = await api.put(`${DEPLOYMENTS}/status/status`, { ...json, status: { replicas: 3 } })
    expect(put.json.status.replicas).toBe(3)
    expect((await api.get(`${DEPLOYMENTS}/status/status`)).json.status.replicas).toBe(3)
  })
})

describe('scale', () => {
  const SCALE = `${DEPLOYMENTS}/scaled/scale`
  beforeAll(() => api.post(DEPLOYMENTS, deployment('scaled', 3)))

  it('is a table with what is desired and what is there', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const { json } = await api.get(SCALE, { accept })
    expect(json.kind).toBe('Table')
    expect(json.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      'Name',
      'Desired',
      'Available',
      'Age',
    ])
    expect(json.rows[0].cells.slice(0, 3)).toEqual(['scaled', 3, 0])
    const partial = await api.get(SCALE, { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' })
    expect(partial.json).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'scaled' } })
  })

  it('shows replicas and the selector as text', async () => {
    expect((await api.get(SCALE)).json).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'scaled', namespace: 'default', resourceVersion: expect.any(String) },
      spec: { replicas: 3 },
      status: { replicas: 0, selector: 'app=scaled' },
    })
  })

  it('can be patched and replaced', async () => {
    expect((await api.patch(SCALE, 'merge', { spec: { replicas: 5 } })).json.spec.replicas).toBe(5)
    expect((await api.get(`${DEPLOYMENTS}/scaled`)).json.spec.replicas).toBe(5)
    const { json } = await api.get(SCALE)
    expect((await api.put(SCALE, { ...json, spec: { replicas: 0 } })).json.spec.replicas).toBe(0)
    expect((await api.put(SCALE, { ...json, spec: { replicas: 2 } })).status).toBe(409)
    expect((await api.get(`${DEPLOYMENTS}/scaled`)).json).toMatchObject({ spec: { replicas: 0, template: {} } })
  })

  it('refuses less than nothing', async () => {
    const { status, json } = await api.patch(SCALE, 'merge', { spec: { replicas: -1 } })
    expect(status).toBe(422)
    expect(json.message).toBe(
      'Scale.autoscaling "scaled" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    )
  })
})

describe('binding', () => {
  const target = { kind: 'Node', name: 'n1' }

  it('binds once, by either address', async () => {
    await api.post(PODS, pod('bound'))
    const binding = { kind: 'Binding', apiVersion: 'v1', metadata: { name: 'bound' }, target }
    const { status, json } = await api.post(`${PODS}/bound/binding`, binding)
    expect(status).toBe(201)
    expect(json).toMatchObject({ kind: 'Status', status: 'Success', code: 201 })
    expect((await api.get(`${PODS}/bound`)).json.spec.nodeName).toBe('n1')
    const again = await api.post('/api/v1/namespaces/default/bindings', { ...binding, target: { name: 'n2' } })
    expect(again.status).toBe(409)
    expect(again.json.message).toContain('already assigned to node')
  })

  it.each([
    ['no target', { metadata: { name: 'bound' } }, 422, 'target.name: Required value'],
    ['something that is no node', { target: { kind: 'Pod', name: 'x' } }, 422, 'target.kind: Unsupported value'],
    ['another Pod of the name', { metadata: { uid: 'x' }, target }, 409, 'Precondition failed'],
  ])('refuses %s', async (_, body, code, message) => {
    const { status, json } = await api.post(`${PODS}/bound/binding`, body)
    expect(status).toBe(code)
    expect(json.message).toContain(message)
  })
})

describe('eviction', () => {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted', namespace: 'default' } }

  it('deletes the Pod with its options', async () => {
    await api.post(PODS, pod('evicted'))
    const uid = { ...body, deleteOptions: { preconditions: { uid: 'other' } } }
    expect((await api.post(`${PODS}/evicted/eviction`, uid)).status).toBe(409)
    const dry = { ...body, deleteOptions: { dryRun: ['All'] } }
    expect((await api.post(`${PODS}/evicted/eviction`, dry)).status).toBe(201)
    expect((await api.get(`${PODS}/evicted`)).status).toBe(200)
    const { status, json } = await api.post(`${PODS}/evicted/eviction`, body)
    expect(status).toBe(201)
    expect(json.status).toBe('Success')
    expect((await api.get(`${PODS}/evicted`)).status).toBe(404)
  })

  it('refuses another version and another Pod', async () => {
    expect((await api.post(`${PODS}/x/eviction`, { ...body, apiVersion: 'policy/v1beta1' })).status).toBe(400)
    expect((await api.post(`${PODS}/x/eviction`, body)).status).toBe(400)
  })
})

describe('finalize', () => {
  it("takes a Namespace's finalizers off", async () => {
    await api.post('/api/v1/namespaces', { metadata: { name: 'emptied' } })
    const { json } = await api.delete('/api/v1/namespaces/emptied')
    expect(json.status.phase).toBe('Terminating')
    const finalized = { ...json, spec: { finalizers: [] } }
    expect((await api.put('/api/v1/namespaces/emptied/finalize', finalized)).status).toBe(200)
    expect((await api.get('/api/v1/namespaces/emptied')).status).toBe(404)
  })
})

describe('log', () => {
  const running = (name: string) => ({ name, state: { running: {} }, containerID: 'docker://1' })

  async function podOn(name: string, node: string | undefined, statuses: object[], containers = ['c']) {
    await api.post(PODS, pod(name, containers))
    if (node) await api.post(`${PODS}/${name}/binding`, { target: { name: node } })
    await api.patch(`${PODS}/${name}/status`, 'merge', { status: { containerStatuses: statuses } })
    return `${PODS}/${name}/log`
  }

  it('streams both outputs as text', async () => {
    const path = await podOn('logs', 'n1', [running('c')])
    output = chunks([
      [1, 'out\n'],
      [2, 'err\n'],
      [3, 'status'],
    ])
    const { status, headers, text } = await api.get(`${path}?follow=true&tailLines=5&timestamps&limitBytes=100`)
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/plain')
    expect(text).toBe('out\nerr\n')
    expect(opened.at(-1)).toMatchObject({
      node: 'n1',
      request: {
        kind: 'logs',
        container: 'c',
        follow: true,
        previous: false,
        timestamps: true,
        tailLines: 5,
        limitBytes: 100,
      },
    })
    output = chunks([
      [1, 'out\n'],
      [2, 'err\n'],
    ])
    expect((await api.get(`${path}?stream=Stderr`)).text).toBe('err\n')
  })

  it('ends on the node when the client goes', async () => {
    output = endless()
    const stream = await api.stream(`${PODS}/logs/log?follow=true`)
    expect(await stream.line()).toBe('line')
    stream.close()
    const { signal } = opened.at(-1) ?? {}
    if (!signal?.aborted) await new Promise((resolve) => signal?.addEventListener('abort', resolve))
  })

  it('breaks off where the node does, so that nobody takes it for complete', async () => {
    output = broken()
    await expect(api.get(`${PODS}/logs/log`)).rejects.toThrow()
  })

  it.each([
    ['container=x', 400, 'container x is not valid for pod logs'],
    ['tailLines=-1', 422, 'tailLines: Invalid value: -1: must be greater than or equal to 0'],
    ['limitBytes=0', 422, 'limitBytes: Invalid value: 0: must be greater than 0'],
    ['sinceSeconds=0', 422, 'sinceSeconds: Invalid value: 0'],
    ['sinceSeconds=5&sinceTime=2030-01-01T00:00:00Z', 422, 'at most one of `sinceTime` or `sinceSeconds`'],
    ['sinceTime=never', 422, 'sinceTime: Invalid value: "never"'],
    ['tailLines=x', 400, 'invalid query parameter tailLines'],
    ['previous=true', 400, 'previous terminated container "c" in pod "logs" not found'],
  ])('refuses %s', async (query, code, message) => {
    const { status, json } = await api.get(`${PODS}/logs/log?${query}`)
    expect(status).toBe(code)
    expect(json.message).toContain(message)
  })

  it('wants to know which of several containers', async () => {
    const path = await podOn('several', 'n1', [running('a'), running('b')], ['a', 'b'])
    const { status, json } = await api.get(path)
    expect(status).toBe(400)
    expect(json.message).toBe('a container name must be specified for pod several, choose one of: [a b]')
  })

  it.each<[string, string | undefined, object[], string]>([
    ['unbound', undefined, [], 'pod unbound does not have a host assigned'],
    ['fresh', 'n1', [], 'container "c" in pod "fresh" is waiting to start: ContainerCreating'],
    [
      'pulling',
      'n1',
      [{ name: 'c', state: { waiting: { reason: 'ImagePullBackOff' } } }],
      'container "c" in pod "pulling" is waiting to start: trying and failing to pull image',
    ],
    [
      'failing',
      'n1',
      [{ name: 'c', state: { waiting: { reason: 'ErrImagePull' } } }],
      "is waiting to start: image can't be pulled",
    ],
  ])('says why there is none yet: %s', async (name, node, statuses, message) => {
    const { status, json } = await api.get(await podOn(name, node, statuses))
    expect(status).toBe(400)
    expect(json.message).toContain(message)
  })

  it('shows the log of a container that waits to be started again', async () => {
    const waiting = {
      name: 'c',
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1, containerID: 'docker://1' } },
    }
    const path = await podOn('crashing', 'n1', [waiting])
    output = chunks([[1, 'crashed\n']])
    expect((await api.get(path)).text).toBe('crashed\n')
    output = chunks([[1, 'before\n']])
    expect((await api.get(`${path}?previous=true`)).text).toBe('before\n')
  })

  it('says that the node is away', async () => {
    const { status, json } = await api.get(await podOn('away', 'lost', [running('c')]))
    expect(status).toBe(503)
    expect(json.message).toBe('node lost is not connected')
  })
})

async function* endless(): Stream['input'] {
  for (;;) {
    yield { channel: 1, data: Buffer.from('line\n') }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function* broken(): Stream['input'] {
  yield { channel: 1, data: Buffer.from('half') }
  throw new ApiError('ServiceUnavailable', 'connection lost')
}
