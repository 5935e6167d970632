import { describe, expect, it } from 'vitest'
import { createDiscovery } from '../../../../../controlplane/apiserver/discovery/discovery.ts'

const discovery = createDiscovery('10.0.0.1:7443')
const JSON_TYPE = 'application/json'
const aggregated = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
const read = (path: string, accept = JSON_TYPE) =>
  JSON.parse(Buffer.from(discovery.find(path, accept)?.bytes ?? []).toString())

describe('discovery', () => {
  it('lists versions and groups', () => {
    expect(read('/api')).toEqual({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '10.0.0.1:7443' }],
    })
    const apps = { groupVersion: 'apps/v1', version: 'v1' }
    expect(read('/apis').groups).toContainEqual({ name: 'apps', versions: [apps], preferredVersion: apps })
    expect(read('/apis/apps')).toMatchObject({ kind: 'APIGroup', name: 'apps' })
  })

  it('lists resources with their parts', () => {
    const { resources, groupVersion } = read('/api/v1')
    expect(groupVersion).toBe('v1')
    const find = (name: string) => resources.find((resource: { name: string }) => resource.name === name)
    expect(find('pods')).toEqual({
      name: 'pods',
      singularName: 'pod',
      namespaced: true,
      kind: 'Pod',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['po'],
      categories: ['all'],
    })
    expect(find('pods/eviction')).toMatchObject({ group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] })
    expect(find('pods/log')).toMatchObject({ kind: 'Pod', verbs: ['get'] })
    expect(find('pods/status')).toMatchObject({ kind: 'Pod', verbs: ['get', 'patch', 'update'] })
    expect(find('bindings')).toMatchObject({ kind: 'Binding', verbs: ['create'] })
    expect(find('namespaces').verbs).not.toContain('deletecollection')
    expect(find('configmaps/status')).toBeUndefined()
    expect(find('pods/exec')).toMatchObject({ kind: 'PodExecOptions', verbs: ['create', 'get'] })
    expect(find('pods/attach')).toMatchObject({ kind: 'PodAttachOptions', verbs: ['create', 'get'] })
    expect(find('pods/portforward')).toMatchObject({ kind: 'PodPortForwardOptions', verbs: ['create', 'get'] })
    const apps = read('/apis/apps/v1').resources
    expect(apps).toContainEqual(
      expect.objectContaining({ name: 'deployments/scale', group: 'autoscaling', version: 'v1', kind: 'Scale' }),
    )
  })

  it.each(['v2', 'v2beta1'])('says all in one document, %s', (version) => {
    const document = discovery.find('/apis', `${aggregated(version)},${JSON_TYPE}`)
    expect(document?.contentType).toBe(`application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
    expect(document?.etag).toMatch(/^"[0-9A-F]{128}"$/)
    const list = read('/apis', aggregated(version))
    expect(list).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}` })
    const apps = list.items.find((item: { metadata: { name: string } }) => item.metadata.name === 'apps')
    const deployments = apps.versions[0].resources.find(
      ({ resource }: { resource: string }) => resource === 'deployments',
    )
    expect(deployments).toMatchObject({
      responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' },
      scope: 'Namespaced',
      singularResource: 'deployment',
      shortNames: ['deploy'],
      subresources: [
        { subresource: 'scale', responseKind: { group: 'autoscaling', kind: 'Scale' } },
        { subresource: 'status' },
      ],
    })
    const [core] = read('/api', aggregated(version)).items
    expect(core.metadata).not.toHaveProperty('name')
    expect(core.versions[0].version).toBe('v1')
  })

  it('names kinds that are not there yet, and no verb for them', () => {
    const { resources } = read('/apis/networking.k8s.io/v1')
    expect(resources).toContainEqual({
      name: 'networkpolicies',
      singularName: 'networkpolicy',
      namespaced: true,
      kind: 'NetworkPolicy',
      verbs: [],
      shortNames: ['netpol'],
    })
    expect(resources.map(({ name }: { name: string }) => name)).toEqual([
      'ingressclasses',
      'ingresses',
      'networkpolicies',
    ])
    const ofApps = read('/apis/apps/v1').resources.map(({ name, verbs }: { name: string; verbs: string[] }) => [
      name,
      verbs,
    ])
    expect(ofApps).toContainEqual(['statefulsets', []])
    expect(ofApps.map(([name]: [string]) => name)).toContain('deployments')
  })

  it('knows nothing else', () => {
    for (const path of ['/apis/policy', '/api/v2', '/apis/apps/v2', '/']) {
      expect(discovery.find(path, JSON_TYPE)).toBeUndefined()
    }
  })
})
