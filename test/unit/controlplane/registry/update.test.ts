import { describe, expect, it } from 'vitest'
import type { UpdateArea } from '../../../../controlplane/registry/registry.ts'
import {
  CONFIG_MAPS,
  type ConfigMap,
  DEPLOYMENTS,
  type Deployment,
  type Kind,
  NAMESPACES,
  type Namespace,
  PODS,
  type Pod,
} from '../../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../../shared/api/object.ts'
import { testDeployment, testPod, testRegistry } from '../../../support/test-registry.ts'

async function setup() {
  const test = await testRegistry()
  const update = async <T extends KubeObject>(
    kind: Kind<T>,
    name: string,
    change: (current: Persisted<T>) => T,
    options: { area?: UpdateArea; dryRun?: boolean } = {},
  ) => {
    const key = kind.namespaced ? { namespace: 'default', name } : { name }
    return (await test.registry.update(kind, key, (current) => change(current as Persisted<T>), options))
      .object as Persisted<T>
  }
  return { ...test, update }
}

const withData = (data: Record<string, string>) => (current: Persisted<ConfigMap>) => ({ ...current, data })

describe('update', () => {
  it('writes what the change returns', async () => {
    const { create, update, get } = await setup()
    const before = await create(CONFIG_MAPS, { metadata: { name: 'a' }, data: { x: '1' } })
    const after = await update(CONFIG_MAPS, 'a', withData({ x: '2' }))
    expect(after.data).toEqual({ x: '2' })
    expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion))
    expect(await get(CONFIG_MAPS, 'a')).toBe(after)
    await expect(update(CONFIG_MAPS, 'b', (current) => current)).rejects.toMatchObject({ reason: 'NotFound' })
  })

  it('does not write what changes nothing', async () => {
    const { create, update, store } = await setup()
    const before = await create(DEPLOYMENTS, testDeployment('web'))
    const { revision } = store
    expect(await update(DEPLOYMENTS, 'web', (current) => current)).toBe(before)
    expect(await update(DEPLOYMENTS, 'web', (current) => structuredClone(current))).toBe(before)
    const reordered = (current: Persisted<Deployment>) => {
      const { spec, metadata, ...rest } = current
      return { spec: Object.fromEntries(Object.entries(spec).reverse()) as never, ...rest, metadata }
    }
    expect(await update(DEPLOYMENTS, 'web', reordered)).toBe(before)
    expect(store.revision).toBe(revision)
  })

  it('takes an empty list or map for none, as Kubernetes writes it', async () => {
    const { create, update } = await setup()
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' }]
    const before = await create(CONFIG_MAPS, { metadata: { name: 'a', ownerReferences }, data: { x: '' } })
    const alone = (current: Persisted<ConfigMap>) => ({
      ...current,
      metadata: { ...current.metadata, ownerReferences: [], labels: {} },
    })
    const after = await update(CONFIG_MAPS, 'a', alone)
    expect(after.metadata).not.toHaveProperty('ownerReferences')
    expect(after.metadata).not.toHaveProperty('labels')
    expect(after.data).toEqual(before.data)
    expect(await update(CONFIG_MAPS, 'a', alone)).toBe(after)
    const { spec } = await create(PODS, {
      ...testPod('p'),
      spec: { ...testPod('p').spec, volumes: [{ name: 'v', emptyDir: {} }] },
    })
    expect(spec.volumes).toEqual([{ name: 'v', emptyDir: {} }])
  })

  it('keeps what a writer may not change and need not repeat', async () => {
    const { create, update } = await setup()
    const before = await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    const after = await update(CONFIG_MAPS, 'a', () => ({
      metadata: { labels: { x: 'y' }, creationTimestamp: '2001-01-01T00:00:00Z', generation: 9 },
    }))
    const { resourceVersion } = after.metadata
    expect(after.metadata).toEqual({ ...before.metadata, labels: { x: 'y' }, resourceVersion })
  })

  it('refuses what was made from another version, or another object', async () => {
    const { create, update } = await setup()
    const old = await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    await update(CONFIG_MAPS, 'a', withData({ x: '1' }))
    await expect(update(CONFIG_MAPS, 'a', () => ({ ...old, data: { x: '2' } }))).rejects.toMatchObject({
      code: 409,
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; ' +
        'please apply your changes to the latest version and try again',
    })
    const unconditional = await update(CONFIG_MAPS, 'a', () => ({ metadata: { name: 'a' }, data: { x: '3' } }))
    expect(unconditional.data).toEqual({ x: '3' })
    await expect(update(CONFIG_MAPS, 'a', () => ({ metadata: { uid: 'other' } }))).rejects.toMatchObject({
      code: 409,
      message: expect.stringContaining('Precondition failed: UID in precondition: other, UID in object meta: '),
    })
    await expect(update(CONFIG_MAPS, 'a', () => ({ metadata: { name: 'b' } }))).rejects.toMatchObject({ code: 400 })
    const elsewhere = { metadata: { namespace: 'kube-system' } }
    await expect(update(CONFIG_MAPS, 'a', () => elsewhere)).rejects.toMatchObject({ code: 400 })
  })

  it('computes again when another write comes between', async () => {
    const { create, registry, get } = await setup()
    await create(CONFIG_MAPS, { metadata: { name: 'a' }, data: { n: '0' } })
    const key = { namespace: 'default', name: 'a' }
    const increment = (current: Persisted<KubeObject>): ConfigMap => {
      const n = Number((current as ConfigMap).data?.n) + 1
      return { ...current, data: { n: String(n) } }
    }
    await Promise.all(Array.from({ length: 10 }, () => registry.update(CONFIG_MAPS, key, increment, {})))
    expect((await get(CONFIG_MAPS, 'a')).data).toEqual({ n: '10' })
  })

  it('counts versions of the spec, and of nothing else', async () => {
    const { create, update } = await setup()
    await create(DEPLOYMENTS, testDeployment('web'))
    const scaled = await update(DEPLOYMENTS, 'web', (d) => ({ ...d, spec: { ...d.spec, replicas: 3 } }))
    expect(scaled.metadata.generation).toBe(2)
    const labelled = await update(DEPLOYMENTS, 'web', (d) => ({
      ...d,
      metadata: { ...d.metadata, labels: { a: 'b' } },
    }))
    expect(labelled.metadata.generation).toBe(2)
    const reported = await update(DEPLOYMENTS, 'web', (d) => ({ ...d, status: { replicas: 3 } }), { area: 'status' })
    expect(reported.metadata.generation).toBe(2)
    const annotated = await update(DEPLOYMENTS, 'web', (d) => ({
      ...d,
      metadata: { ...d.metadata, annotations: { 'kubernetes.io/change-cause': 'x' } },
    }))
    expect(annotated.metadata.generation).toBe(3)
  })

  it('keeps object and status apart', async () => {
    const { create, update } = await setup()
    const created = await create(DEPLOYMENTS, testDeployment('web'))
    const both = (d: Persisted<Deployment>): Deployment => ({
      ...d,
      metadata: { ...d.metadata, labels: { new: 'label' } },
      spec: { ...d.spec, replicas: 5 },
      status: { replicas: 5, observedGeneration: 1 },
    })
    const reported = await update(DEPLOYMENTS, 'web', both, { area: 'status' })
    expect(reported.spec).toEqual(created.spec)
    expect(reported.metadata.labels).toBeUndefined()
    expect(reported.status).toEqual({ replicas: 5, observedGeneration: 1 })
    const wiped = await update(DEPLOYMENTS, 'web', (d) => ({ ...both(d), status: {} }))
    expect(wiped.spec.replicas).toBe(5)
    expect(wiped.status).toEqual(reported.status)
  })

  it('has no status area where there is no status, and no binding but of Pods', async () => {
    const { create, update } = await setup()
    await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    for (const area of ['status', 'binding', 'finalize'] as const) {
      await expect(update(CONFIG_MAPS, 'a', withData({}), { area })).rejects.toMatchObject({ reason: 'NotFound' })
    }
  })

  it('changes nothing in a dry run', async () => {
    const { create, update, store } = await setup()
    const before = await create(CONFIG_MAPS, { metadata: { name: 'a' }, data: { x: '1' } })
    const { revision } = store
    const after = await update(CONFIG_MAPS, 'a', withData({ x: '2' }), { dryRun: true })
    expect(after.data).toEqual({ x: '2' })
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion)
    expect(store.revision).toBe(revision)
  })

  it('lets what goes wrong in the change through', async () => {
    const { create, update } = await setup()
    await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    await expect(update(CONFIG_MAPS, 'a', () => ({}) as ConfigMap)).resolves.toBeDefined()
    await expect(update(CONFIG_MAPS, 'a', () => 'x' as unknown as ConfigMap)).rejects.toMatchObject({ code: 400 })
  })
})

describe('binding', () => {
  const bind = (nodeName: string) => (pod: Persisted<Pod>) => ({ ...pod, spec: { ...pod.spec, nodeName } })

  it('binds once, and only what stays', async () => {
    const { create, update, registry } = await setup()
    const before = await create(PODS, testPod('a'))
    const bound = await update(PODS, 'a', bind('n1'), { area: 'binding' })
    expect(bound.spec).toEqual({ ...before.spec, nodeName: 'n1' })
    expect(bound.status).toMatchObject({
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z' }],
    })
    const message = 'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"'
    await expect(update(PODS, 'a', bind('n2'), { area: 'binding' })).rejects.toMatchObject({ code: 409, message })
    await registry.delete(PODS, { namespace: 'default', name: 'a' }, {})
    await expect(update(PODS, 'a', bind('n2'), { area: 'binding' })).rejects.toMatchObject({
      message: expect.stringContaining('pod a is being deleted, cannot be assigned to a host'),
    })
  })

  it('does not bind what waits for a gate, nor to nowhere', async () => {
    const { create, update } = await setup()
    await create(PODS, testPod('gated', { spec: { schedulingGates: [{ name: 'quota' }] } }))
    await expect(update(PODS, 'gated', bind('n1'), { area: 'binding' })).rejects.toMatchObject({ code: 409 })
    await create(PODS, testPod('a'))
    await expect(update(PODS, 'a', bind(''), { area: 'binding' })).rejects.toMatchObject({ code: 400 })
  })

  it('is the only way to a node', async () => {
    const { create, update } = await setup()
    await create(PODS, testPod('a'))
    await expect(update(PODS, 'a', bind('n1'))).rejects.toMatchObject({ code: 422 })
    expect((await update(PODS, 'a', bind('n1'), { area: 'status' })).spec.nodeName).toBeUndefined()
  })
})

describe('finalizers', () => {
  const finalizers = (names: string[]) => (current: Persisted<ConfigMap>) => ({
    ...current,
    metadata: { ...current.metadata, finalizers: names },
  })

  it('end a deletion when the last one is taken off', async () => {
    const { create, update, registry, get } = await setup()
    await create(CONFIG_MAPS, { metadata: { name: 'a', finalizers: ['x.io/a', 'x.io/b'] } })
    await registry.delete(CONFIG_MAPS, { namespace: 'default', name: 'a' }, {})
    await update(CONFIG_MAPS, 'a', finalizers(['x.io/b']))
    expect((await get(CONFIG_MAPS, 'a')).metadata.finalizers).toEqual(['x.io/b'])
    await update(CONFIG_MAPS, 'a', finalizers([]))
    await expect(get(CONFIG_MAPS, 'a')).rejects.toMatchObject({ reason: 'NotFound' })
  })

  it('cannot be added to what is on its way out', async () => {
    const { create, update, registry } = await setup()
    await create(CONFIG_MAPS, { metadata: { name: 'a', finalizers: ['x.io/a'] } })
    await registry.delete(CONFIG_MAPS, { namespace: 'default', name: 'a' }, {})
    await expect(update(CONFIG_MAPS, 'a', finalizers(['x.io/a', 'x.io/b']))).rejects.toMatchObject({
      message: expect.stringContaining(
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, ' +
          'found new finalizers []string{"x.io/b"}',
      ),
    })
  })

  it('of a Namespace are taken off by finalize alone', async () => {
    const { create, update, registry } = await setup()
    const created = await create(NAMESPACES, { metadata: { name: 'team' }, spec: {} })
    expect(created).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'team' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    })
    const { entry, gone } = await registry.delete(NAMESPACES, { name: 'team' }, {})
    expect(gone).toBe(false)
    expect(entry.object).toMatchObject({
      metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' },
      status: { phase: 'Terminating' },
    })
    const without = (current: Persisted<Namespace>) => ({ ...current, spec: { finalizers: [] } })
    expect((await update(NAMESPACES, 'team', without)).spec.finalizers).toEqual(['kubernetes'])
    await update(NAMESPACES, 'team', without, { area: 'finalize' })
    await expect(registry.get(NAMESPACES, { name: 'team' })).rejects.toMatchObject({ reason: 'NotFound' })
  })
})
