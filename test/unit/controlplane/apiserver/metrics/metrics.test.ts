import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiError } from '../../../../../shared/api/api-error.ts'
import { ApiHttp } from '../../../../support/api-http.ts'
import { pod } from '../../../../support/sample-objects.ts'
import { startTestApiServer, type TestApiServer } from '../../../../support/test-api-server.ts'

const METRICS = '/apis/metrics.k8s.io/v1beta1'
const POD_METRICS = `${METRICS}/namespaces/default/pods`

let server: TestApiServer
let api: ApiHttp
const reports = new Map<string, string>()

beforeAll(async () => {
  server = await startTestApiServer({
    nodeStreams: {
      async open(node, request, signal) {
        expect(request).toEqual({ kind: 'metrics' })
        const report = reports.get(node)
        if (report === undefined) throw new ApiError('ServiceUnavailable', `node "${node}" is not connected`)
        return { input: inPieces(report), write: async () => {}, end: () => {}, signal }
      },
    },
  })
  api = new ApiHttp(server, await server.clientCertificate('admin'))
  for (const name of ['n1', 'n2', 'n3']) {
    await api.post('/api/v1/nodes', { metadata: { name, labels: { zone: name === 'n1' ? 'a' : 'b' } } })
  }
  const one = await placed('one', 'n1')
  const two = await placed('two', 'n2')
  await placed('three', 'n1')
  reports.set('n1', JSON.stringify({ node: usage(250_000_000), pods: [used(one, 1_000), used(two, 8)] }))
  reports.set('n2', 'not JSON')
})

afterAll(async () => {
  api.close()
  await server.close()
})

async function* inPieces(text: string) {
  for (const piece of [text.slice(0, 7), text.slice(7)]) yield { channel: 1, data: Buffer.from(piece) }
}

const usage = (cpuNanoCores: number) => ({
  atMs: 1_900_000_000_000,
  windowMs: 1_500,
  cpuNanoCores,
  workingSetBytes: 2_049,
})
const used = (uid: string, cpu: number) => ({
  uid,
  containers: [
    { name: 'main', ...usage(cpu) },
    { name: 'side', ...usage(cpu / 2) },
  ],
})

async function placed(name: string, nodeName: string): Promise<string> {
  const path = '/api/v1/namespaces/default/pods'
  const body = pod(name)
  const { json } = await api.post(path, { ...body, spec: { ...body.spec, nodeName } })
  await api.patch(`${path}/${name}/status`, 'merge', { status: { phase: 'Running' } })
  return json.metadata.uid
}

describe('metrics.k8s.io', () => {
  it('tells what nodes use, and leaves out those that do not say', async () => {
    const { json } = await api.get(`${METRICS}/nodes`)
    expect(json).toMatchObject({ kind: 'NodeMetricsList', apiVersion: 'metrics.k8s.io/v1beta1' })
    expect(json.items).toMatchObject([
      {
        metadata: { name: 'n1', labels: { zone: 'a' } },
        timestamp: '2030-03-17T17:46:40Z',
        window: '1.5s',
        usage: { cpu: '250000000n', memory: '3Ki' },
      },
    ])
    expect((await api.get(`${METRICS}/nodes?labelSelector=zone%3Db`)).json.items).toEqual([])
    expect((await api.get(`${METRICS}/nodes/n1`)).json.kind).toBe('NodeMetrics')
  })

  it('tells what Pods use, each by its own node', async () => {
    const { json } = await api.get(`${METRICS}/pods`)
    expect(json.items).toMatchObject([
      {
        metadata: { name: 'one', namespace: 'default' },
        containers: [
          { name: 'main', usage: { cpu: '1000n', memory: '3Ki' } },
          { name: 'side', usage: { cpu: '500n', memory: '3Ki' } },
        ],
      },
    ])
    expect((await api.get(`${POD_METRICS}/one`)).json).toMatchObject({ kind: 'PodMetrics', window: '1.5s' })
    expect((await api.get(`${METRICS}/namespaces/other/pods`)).json.items).toEqual([])
  })

  it.each([
    [`${METRICS}/nodes/n2`, 'nodes.metrics.k8s.io "n2" not found'],
    [`${METRICS}/nodes/n9`, 'nodes "n9" not found'],
    [`${POD_METRICS}/two`, 'pods.metrics.k8s.io "default/two" not found'],
    [`${POD_METRICS}/four`, 'pods "four" not found'],
  ])('does not find %s', async (path, message) => {
    expect((await api.get(path)).json).toMatchObject({ code: 404, message })
  })

  it('is shown in tables', async () => {
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
    const nodes = (await api.get(`${METRICS}/nodes`, table)).json
    expect(nodes.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      'Name',
      'cpu',
      'memory',
      'Window',
    ])
    expect(nodes.rows).toMatchObject([{ cells: ['n1', '250000000n', '3Ki', '1.5s'] }])
    const pods = (await api.get(`${METRICS}/pods`, table)).json
    expect(pods.rows).toMatchObject([{ cells: ['one', '1500n', '6Ki', '1.5s'], object: { metadata: { name: 'one' } } }])
  })

  it('is described', async () => {
    const { json } = await api.get('/openapi/v3/apis/metrics.k8s.io/v1beta1')
    const schema = json.components.schemas['io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics']
    expect(schema['x-kubernetes-group-version-kind']).toEqual([
      { group: 'metrics.k8s.io', version: 'v1beta1', kind: 'PodMetrics' },
    ])
    expect(Object.keys(json.paths)).toEqual([
      '/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods',
      '/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods/{name}',
      '/apis/metrics.k8s.io/v1beta1/nodes',
      '/apis/metrics.k8s.io/v1beta1/nodes/{name}',
      '/apis/metrics.k8s.io/v1beta1/pods',
    ])
  })

  it('is only read', async () => {
    expect((await api.post(POD_METRICS, {})).json.code).toBe(405)
    expect((await api.get(`${POD_METRICS}/one/status`)).json.code).toBe(404)
  })
})
