import { describe, expect, it } from 'vitest'
import { createAuthorizer } from '../../../../../controlplane/apiserver/auth/authorizer.ts'
import type { Attributes, Identity, Verb } from '../../../../../controlplane/apiserver/auth/identity.ts'
import { KINDS, type Pod } from '../../../../../shared/api/kinds.ts'

const admin: Identity = { name: 'kubernetes-admin', groups: ['system:masters'] }
const n1: Identity = { name: 'system:node:n1', groups: ['system:nodes'] }
const nobody: Identity = { name: 'eve', groups: ['system:authenticated'] }
const VERBS: Verb[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']

const podOn = (name: string, nodeName: string): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: {
    nodeName,
    containers: [
      {
        name: 'c',
        image: 'x',
        env: [{ name: 'E', valueFrom: { secretKeyRef: { name: `env-of-${name}`, key: 'k' } } }],
      },
    ],
    initContainers: [{ name: 'i', image: 'x', envFrom: [{ configMapRef: { name: `init-of-${name}` } }] }],
    volumes: [
      { name: 'v', secret: { secretName: `volume-of-${name}` } },
      { name: 'p', projected: { sources: [{ secret: { name: `projected-of-${name}` } }] } },
    ],
    imagePullSecrets: [{ name: `pull-of-${name}` }],
  },
})
const pods = [podOn('mine', 'n1'), podOn('foreign', 'n2')]
const authorizer = createAuthorizer({
  pod: async (namespace, name) =>
    pods.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
  podsOf: async (nodeName) => pods.filter(({ spec }) => spec?.nodeName === nodeName),
})
const decide = async (identity: Identity, attributes: Partial<Attributes>) => {
  const whole = { group: '', version: 'v1', subresource: '', ...attributes } as Attributes
  return authorizer.authorize(identity, whole)
}
const allows = async (identity: Identity, attributes: Partial<Attributes>) =>
  (await decide(identity, attributes)).allowed

/** Every verb on every resource and the usual subresources, on something that is the node's own as far as can be. */
function* everything(): Generator<Attributes & { title: string }> {
  const own: Record<string, string> = {
    pods: 'mine',
    nodes: 'n1',
    leases: 'n1',
    secrets: 'env-of-mine',
    configmaps: 'init-of-mine',
  }
  for (const kind of KINDS) {
    for (const subresource of ['', 'status', 'scale', 'log', 'exec', 'binding', 'eviction']) {
      for (const verb of VERBS) {
        const whole = `${kind.plural}${subresource && `/${subresource}`}`
        const namespace = kind.plural === 'leases' ? 'kube-node-lease' : 'default'
        const isNamed = !['list', 'watch', 'create', 'deletecollection'].includes(verb)
        yield {
          title: `${verb} ${whole}`,
          verb,
          group: kind.group,
          version: kind.version,
          resource: kind.plural,
          subresource,
          ...(kind.namespaced ? { namespace } : {}),
          ...(isNamed ? { name: own[kind.plural] ?? 'x' } : {}),
          fieldSelector: 'spec.nodeName=n1',
        }
      }
    }
  }
}

describe('authorizer', () => {
  it('allows an admin everything and a stranger nothing', async () => {
    for (const attributes of everything()) {
      expect(await allows(admin, attributes), attributes.title).toBe(true)
      expect(await allows(nobody, attributes), attributes.title).toBe(false)
    }
    for (const nonResourcePath of ['/healthz', '/api', '/version']) {
      expect(await allows(admin, { verb: 'get', nonResourcePath })).toBe(true)
      expect(await allows(nobody, { verb: 'get', nonResourcePath })).toBe(false)
      expect(await allows(n1, { verb: 'get', nonResourcePath })).toBe(false)
    }
  })

  it('allows a node, at most, exactly these', async () => {
    const allowed: string[] = []
    for (const attributes of everything()) if (await allows(n1, attributes)) allowed.push(attributes.title)
    expect(allowed.sort()).toEqual(
      [
        'get nodes',
        'update nodes',
        'patch nodes',
        'update nodes/status',
        'patch nodes/status',
        'get pods',
        'list pods',
        'watch pods',
        'update pods/status',
        'patch pods/status',
        'create events',
        'get secrets',
        'get configmaps',
        'get leases',
        'create leases',
        'update leases',
        'patch leases',
      ].sort(),
    )
  })

  it('knows a node by its name and its group together', async () => {
    const get = { verb: 'get', resource: 'nodes', name: 'n1' } as const
    expect(await allows(n1, get)).toBe(true)
    expect(await allows({ ...n1, groups: [] }, get)).toBe(false)
    expect(await allows({ ...n1, name: 'n1' }, get)).toBe(false)
    expect(await allows({ ...n1, name: 'system:node:' }, { ...get, name: '' })).toBe(false)
    expect(await allows({ name: 'system:masters', groups: [] }, get)).toBe(false)
  })

  it.each([
    ['another Node', { verb: 'get', resource: 'nodes', name: 'n2' }],
    ["another Node's status", { verb: 'patch', resource: 'nodes', subresource: 'status', name: 'n2' }],
    ["another node's Pod", { verb: 'get', resource: 'pods', namespace: 'default', name: 'foreign' }],
    [
      "another node's Pod's status",
      { verb: 'patch', resource: 'pods', subresource: 'status', namespace: 'default', name: 'foreign' },
    ],
    ['a Pod that does not exist', { verb: 'get', resource: 'pods', namespace: 'default', name: 'ghost' }],
    ['all Pods', { verb: 'list', resource: 'pods' }],
    ["another node's Pods", { verb: 'watch', resource: 'pods', fieldSelector: 'spec.nodeName=n2' }],
    ['the Pods of all other nodes', { verb: 'list', resource: 'pods', fieldSelector: 'spec.nodeName!=n1' }],
    ['Pods by a selector that cannot be read', { verb: 'list', resource: 'pods', fieldSelector: 'spec.nodeName' }],
    ['a Secret of no Pod', { verb: 'get', resource: 'secrets', namespace: 'default', name: 'other' }],
    [
      "a Secret of another node's Pod",
      { verb: 'get', resource: 'secrets', namespace: 'default', name: 'env-of-foreign' },
    ],
    [
      'a Secret of that name elsewhere',
      { verb: 'get', resource: 'secrets', namespace: 'kube-system', name: 'env-of-mine' },
    ],
    ['all Secrets', { verb: 'list', resource: 'secrets', namespace: 'default' }],
    [
      "another node's Lease",
      { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-node-lease', name: 'n2' },
    ],
    [
      'a Lease of its name elsewhere',
      { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', namespace: 'default', name: 'n1' },
    ],
    [
      "the making of another node's Lease",
      {
        verb: 'create',
        group: 'coordination.k8s.io',
        resource: 'leases',
        namespace: 'kube-node-lease',
        object: { metadata: { name: 'n2' } },
      },
    ],
    [
      'a Pod whose newest version is bound elsewhere',
      {
        verb: 'patch',
        resource: 'pods',
        subresource: 'status',
        namespace: 'default',
        name: 'mine',
        object: {},
        current: podOn('mine', 'n2'),
      },
    ],
  ] as [string, Partial<Attributes>][])('refuses a node %s, and says why', async (_title, attributes) => {
    const decision = await decide(n1, attributes)
    expect(decision.allowed).toBe(false)
    expect(!decision.allowed && decision.reason).not.toBe('')
  })

  it.each(['env-of-mine', 'volume-of-mine', 'projected-of-mine', 'pull-of-mine'])(
    'gives a node the Secret %s',
    async (name) => {
      expect(await allows(n1, { verb: 'get', resource: 'secrets', namespace: 'default', name })).toBe(true)
    },
  )

  const before = {
    metadata: {
      name: 'n1',
      labels: { 'kubernetes.io/hostname': 'n1', 'node-restriction.kubernetes.io/zone': 'a' },
      annotations: { 'kubette.dev/key-fingerprint': 'key' },
    },
    spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] },
  }
  it.each([
    ['its taints', { ...before, spec: {} }, 'modify taints'],
    ['its range of addresses', { ...before, spec: { ...before.spec, podCIDRs: ['10.0.0.0/8'] } }, 'modify podCIDRs'],
    [
      'a role',
      {
        ...before,
        metadata: { ...before.metadata, labels: { ...before.metadata.labels, 'node-role.kubernetes.io/x': '' } },
      },
      'modify labels: node-role.kubernetes.io/x',
    ],
    [
      'a label that keeps Pods apart',
      { ...before, metadata: { ...before.metadata, labels: {} } },
      'modify labels: node-restriction.kubernetes.io/zone',
    ],
    [
      'its key',
      { ...before, metadata: { ...before.metadata, annotations: { 'kubette.dev/key-fingerprint': 'x' } } },
      'modify the annotation kubette.dev/key-fingerprint',
    ],
    ['its owners', { ...before, metadata: { ...before.metadata, ownerReferences: [{}] } }, 'modify ownerReferences'],
  ])('refuses a node to change %s', async (_title, object, why) => {
    for (const subresource of ['', 'status']) {
      const decision = await decide(n1, {
        verb: 'patch',
        resource: 'nodes',
        subresource,
        name: 'n1',
        object,
        current: before,
      })
      expect(decision).toEqual({ allowed: false, reason: `node "n1" is not allowed to ${why}` })
    }
  })

  it('lets a node change its other labels and its status', async () => {
    const labels = {
      ...before.metadata.labels,
      'topology.kubernetes.io/zone': 'b',
      mine: 'x',
      'x.node.kubernetes.io/y': '',
    }
    const object = { ...before, metadata: { ...before.metadata, labels }, status: { phase: 'Running' } }
    expect(await allows(n1, { verb: 'patch', resource: 'nodes', name: 'n1', object, current: before })).toBe(true)
  })
})
