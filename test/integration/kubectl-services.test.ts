import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { EndpointSlice, Endpoints, Service } from '../../shared/api/kinds.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { anEndpointSlice, aService, someEndpoints } from '../support/service-objects.ts'
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts'

let server: TestApiServer

beforeAll(async () => {
  server = await startTestApiServer()
})

afterAll(() => server.close())

const manifest = (...objects: object[]) => objects.map((object) => stringify(object)).join('---\n')
const service = (name: string, spec = {}) => ({ apiVersion: 'v1', kind: 'Service', ...aService(name, spec) })

/** The oldest and the newest that is served; against the API alone. */
describe.each(['1.27', '1.36'] as const)('kubectl %s', (version) => {
  const namespace = `v${version.replace('.', '-')}`
  let user: KubectlUser

  beforeAll(async () => {
    user = new KubectlUser(server.kubeconfig, namespace, version)
    await user.ok('create', 'namespace', namespace)
  })

  const apply = (...objects: object[]) => user.try(['apply', '-f', '-'], { input: manifest(...objects) })

  it('creates Services by command', async () => {
    await Promise.all([
      user.ok('create', 'deployment', 'web', '--image=x', '--port=8080'),
      user.ok('create', 'service', 'clusterip', 'headless', '--clusterip=None'),
      user.ok('create', 'service', 'nodeport', 'outside', '--tcp=80:8080'),
      user.ok('create', 'service', 'loadbalancer', 'balanced', '--tcp=53', '--tcp=54'),
      user.ok('create', 'service', 'externalname', 'elsewhere', '--external-name=example.com', '--tcp=80'),
    ])
    expect(await user.ok('expose', 'deployment', 'web', '--target-port=http', '--type=NodePort')).toBe(
      'service/web exposed',
    )
    const rows = (await user.ok('get', 'svc', '-o', 'wide')).split('\n').map((line) => line.split(/ {2,}/))
    expect(rows[0]).toEqual(['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE', 'SELECTOR'])
    const address = expect.stringMatching(/^10\.43\./)
    const age = expect.any(String)
    const nodePort = (port: number) => expect.stringMatching(RegExp(`^${port}:3\\d{4}/TCP`))
    expect(rows.slice(1)).toEqual([
      ['balanced', 'LoadBalancer', address, '<pending>', nodePort(53), age, 'app=balanced'],
      ['elsewhere', 'ExternalName', '<none>', 'example.com', '80/TCP', age, 'app=elsewhere'],
      ['headless', 'ClusterIP', 'None', '<none>', '<none>', age, 'app=headless'],
      ['outside', 'NodePort', address, '<none>', nodePort(80), age, 'app=outside'],
      ['web', 'NodePort', address, '<none>', nodePort(8080), age, 'app=web'],
    ])
    expect(await user.ok('get', 'all')).toContain('service/web')
  })

  it('changes Services, which keep what they were given', async () => {
    expect((await apply(service('applied', { type: 'NodePort' }))).stdout).toBe('service/applied created\n')
    const { spec } = await user.json<Service>('get', 'svc', 'applied')
    const changed = await apply(service('applied', { type: 'NodePort', ports: [{ port: 81 }] }))
    expect(changed.stdout).toBe('service/applied configured\n')
    const replacing = { input: manifest(service('applied', { type: 'NodePort', ports: [{ port: 82 }] })) }
    expect((await user.try(['replace', '-f', '-'], replacing)).stdout).toBe('service/applied replaced\n')
    const editing = { env: { KUBE_EDITOR: 'sed -i "s/port: 82/port: 83/"' } }
    expect((await user.try(['edit', 'svc', 'applied'], editing)).stdout).toBe('service/applied edited\n')
    const after = await user.json<Service>('get', 'svc', 'applied')
    expect(after.spec).toEqual({ ...spec, ports: [{ ...spec.ports?.[0], port: 83, targetPort: 82 }] })
    await user.ok('patch', 'svc', 'applied', '-p', '{"spec":{"type":"ClusterIP"}}')
    const inside = await user.json<Service>('get', 'svc', 'applied')
    expect(inside.spec.ports).toEqual([{ port: 83, targetPort: 82, protocol: 'TCP' }])
    expect(await user.refused('patch', 'svc', 'applied', '-p', '{"spec":{"clusterIP":"10.43.0.99"}}')).toContain(
      'spec.clusterIPs[0]: Invalid value: ["10.43.0.99"]: may not change once set',
    )
    expect(await user.ok('delete', 'svc', 'applied')).toContain('service "applied" deleted')
  })

  it('shows endpoints, and a Service with them', async () => {
    const { stderr } = await apply(
      { apiVersion: 'v1', kind: 'Endpoints', ...someEndpoints('web') },
      { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', ...anEndpointSlice('web') },
    )
    expect(stderr).toBe('Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n')
    expect(await user.ok('get', 'ep', 'web')).toMatch(/^NAME +ENDPOINTS +AGE\nweb +10\.42\.0\.5:80 /)
    expect(await user.ok('get', 'endpointslices')).toMatch(
      /^NAME +ADDRESSTYPE +PORTS +ENDPOINTS +AGE\nweb +IPv4 +80 +10\.42\.0\.5 /,
    )
    expect(await user.ok('describe', 'svc', 'web')).toMatch(/^Endpoints: +10\.42\.0\.5:/m)
    const [endpoints, slice] = await Promise.all([
      user.json<Endpoints>('get', 'endpoints', 'web'),
      user.json<EndpointSlice>('get', 'endpointslice', 'web'),
    ])
    expect([endpoints.subsets?.length, slice.endpoints?.length]).toEqual([1, 1])
  })

  it('says of what is not there yet that it is not, and does the rest', async () => {
    const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'deny' }, spec: {} }
    const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'web' }, spec: {} }
    const { code, stdout, stderr } = await apply(policy, ingress, service('beside'))
    expect([code, stdout]).toEqual([1, 'service/beside created\n'])
    expect(stderr).toContain('NetworkPolicy is not supported by Kubette yet: it would keep no connection out')
    expect(stderr).toContain('Ingress is not supported by Kubette yet: no request would be routed by it')
    const workload = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' }, spec: {} }
    expect((await apply(workload)).stderr).toContain(
      'StatefulSet is not supported by Kubette yet: no Pod would be made',
    )
    expect((await apply({ ...workload, kind: 'Other' })).stderr).toContain(
      'no matches for kind "Other" in version "apps/v1"',
    )
    expect(await user.refused('get', 'netpol')).toContain('NetworkPolicy is not supported by Kubette yet')
    expect(await user.ok('delete', 'netpol', 'deny', '--ignore-not-found')).toBe('')
    expect(await user.ok('api-resources', '-o', 'name')).not.toContain('networkpolicies')
  })
})
