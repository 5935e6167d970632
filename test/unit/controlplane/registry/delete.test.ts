import { describe, expect, it } from 'vitest'
import type { DeleteOptions } from '../../../../shared/api/generated/meta-v1.ts'
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, PODS, type Pod } from '../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../shared/api/object.ts'
import { testDeployment, testPod, testRegistry } from '../../../support/test-registry.ts'

const key = (name: string) => ({ namespace: 'default', name })

async function setup() {
  const test = await testRegistry()
  const { registry, create } = test
  const deletePod = (name: string, options: DeleteOptions = {}) => registry.delete(PODS, key(name), { delete: options })
  const boundPod = async (name: string, spec = {}) => {
    await create(PODS, testPod(name, { spec }))
    const bind = (pod: unknown) => ({ ...(pod as Persisted<Pod>), spec: { nodeName: 'n1' } })
    await registry.update(PODS, key(name), bind as never, { area: 'binding' })
  }
  return { ...test, deletePod, boundPod }
}

describe('delete', () => {
  it('removes at once what nothing holds', async () => {
    const { registry, create, store } = await setup()
    await create(CONFIG_MAPS, { metadata: { name: 'a' }, data: { x: '1' } })
    const { entry, gone } = await registry.delete(CONFIG_MAPS, key('a'), {})
    expect(gone).toBe(true)
    expect(entry.object).toMatchObject({ data: { x: '1' }, metadata: { resourceVersion: String(store.revision) } })
    await expect(registry.delete(CONFIG_MAPS, key('a'), {})).rejects.toMatchObject({ code: 404 })
  })

  it('checks preconditions', async () => {
    const { registry, create } = await setup()
    const { metadata } = await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    const attempt = (preconditions: object) => registry.delete(CONFIG_MAPS, key('a'), { delete: { preconditions } })
    await expect(attempt({ uid: 'other' })).rejects.toMatchObject({
      code: 409,
      message: `Operation cannot be fulfilled on configmaps "a": Precondition failed: UID in precondition: other, UID in object meta: ${metadata.uid}`,
    })
    await expect(attempt({ resourceVersion: '1' })).rejects.toMatchObject({ code: 409 })
    expect((await attempt({ uid: metadata.uid, resourceVersion: metadata.resourceVersion })).gone).toBe(true)
  })

  it('waits for finalizers', async () => {
    const { registry, create } = await setup()
    await create(CONFIG_MAPS, { metadata: { name: 'a', finalizers: ['x.io/a'] } })
    const { entry, gone } = await registry.delete(CONFIG_MAPS, key('a'), {})
    expect(gone).toBe(false)
    expect(entry.object.metadata).toMatchObject({
      deletionTimestamp: '2030-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 0,
    })
    const again = await registry.delete(CONFIG_MAPS, key('a'), {})
    expect(again.entry).toBe(entry)
  })

  it('leaves dependents to the garbage collector, as the policy says', async () => {
    const { registry, create } = await setup()
    const finalizersAfter = async (name: string, options: DeleteOptions) => {
      await create(DEPLOYMENTS, testDeployment(name))
      const { entry, gone } = await registry.delete(DEPLOYMENTS, key(name), { delete: options })
      return gone ? 'gone' : entry.object.metadata.finalizers
    }
    expect(await finalizersAfter('a', { propagationPolicy: 'Background' })).toBe('gone')
    expect(await finalizersAfter('b', {})).toBe('gone')
    expect(await finalizersAfter('c', { propagationPolicy: 'Foreground' })).toEqual(['foregroundDeletion'])
    expect(await finalizersAfter('d', { propagationPolicy: 'Orphan' })).toEqual(['orphan'])
    expect(await finalizersAfter('e', { orphanDependents: true })).toEqual(['orphan'])
    expect(await finalizersAfter('f', { orphanDependents: false })).toBe('gone')
    const orphan = await registry.delete(DEPLOYMENTS, key('c'), { delete: { propagationPolicy: 'Orphan' } })
    expect(orphan.entry.object.metadata.finalizers).toEqual(['orphan'])
    expect(orphan.entry.object.metadata.generation).toBe(2)
  })

  it('refuses options that contradict themselves', async () => {
    const { registry, create } = await setup()
    await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    const attempt = (options: DeleteOptions) => registry.delete(CONFIG_MAPS, key('a'), { delete: options })
    await expect(attempt({ propagationPolicy: 'Sideways' })).rejects.toMatchObject({
      code: 422,
      message:
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways": ' +
        'supported values: "Foreground", "Background", "Orphan", "nil"',
    })
    await expect(attempt({ propagationPolicy: 'Orphan', orphanDependents: true })).rejects.toMatchObject({ code: 422 })
  })

  it('removes a Pod at once that is on no node, or has finished', async () => {
    const { deletePod, boundPod, create, registry } = await setup()
    await create(PODS, testPod('waiting'))
    expect((await deletePod('waiting')).gone).toBe(true)
    for (const phase of ['Succeeded', 'Failed']) {
      await boundPod(phase.toLowerCase())
      const finish = (pod: unknown) => ({ ...(pod as Persisted<Pod>), status: { phase } })
      await registry.update(PODS, key(phase.toLowerCase()), finish as never, { area: 'status' })
      expect((await deletePod(phase.toLowerCase())).gone).toBe(true)
    }
  })

  it('gives a running Pod time to end', async () => {
    const { deletePod, boundPod, clock } = await setup()
    await boundPod('a')
    const { entry, gone } = await deletePod('a')
    expect(gone).toBe(false)
    expect(entry.object.metadata).toMatchObject({
      deletionTimestamp: '2030-01-01T00:00:30Z',
      deletionGracePeriodSeconds: 30,
      generation: 2,
    })
    await clock.advance(5000)
    expect((await deletePod('a')).entry).toBe(entry)
    expect((await deletePod('a', { gracePeriodSeconds: 60 })).entry).toBe(entry)
    const shorter = await deletePod('a', { gracePeriodSeconds: 10 })
    expect(shorter.entry.object.metadata).toMatchObject({
      deletionTimestamp: '2030-01-01T00:00:10Z',
      deletionGracePeriodSeconds: 10,
      generation: 2,
    })
    expect((await deletePod('a', { gracePeriodSeconds: 0 })).gone).toBe(true)
  })

  it('takes the grace period from the request, else from the Pod', async () => {
    const { deletePod, boundPod } = await setup()
    await boundPod('a', { terminationGracePeriodSeconds: 5 })
    expect((await deletePod('a')).entry.object.metadata.deletionGracePeriodSeconds).toBe(5)
    await boundPod('b', { terminationGracePeriodSeconds: 5 })
    const longer = await deletePod('b', { gracePeriodSeconds: 90 })
    expect(longer.entry.object.metadata.deletionGracePeriodSeconds).toBe(90)
    await boundPod('c')
    const negative = await deletePod('c', { gracePeriodSeconds: -3 })
    expect(negative.entry.object.metadata.deletionGracePeriodSeconds).toBe(1)
    await boundPod('d')
    expect((await deletePod('d', { gracePeriodSeconds: 0 })).gone).toBe(true)
  })

  it('keeps the namespaces that every cluster has', async () => {
    const { registry } = await setup()
    await expect(registry.delete(NAMESPACES, { name: 'kube-system' }, {})).rejects.toMatchObject({
      code: 403,
      message: 'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    })
  })

  it('changes nothing in a dry run', async () => {
    const { registry, create, store, boundPod } = await setup()
    await create(CONFIG_MAPS, { metadata: { name: 'a' } })
    await boundPod('p')
    const { revision } = store
    expect((await registry.delete(CONFIG_MAPS, key('a'), { dryRun: true })).gone).toBe(true)
    expect((await registry.delete(PODS, key('p'), { dryRun: true })).gone).toBe(false)
    expect(store.revision).toBe(revision)
  })

  it('deletes all that match', async () => {
    const { registry, create, get } = await setup()
    for (const [name, app] of Object.entries({ a: 'x', b: 'x', c: 'y' })) {
      await create(CONFIG_MAPS, { metadata: { name, labels: { app } } })
    }
    const labels = [{ key: 'app', operator: 'In' as const, values: ['x'] }]
    const { entries } = await registry.deleteCollection(CONFIG_MAPS, { namespace: 'default', labels })
    expect(entries.map(({ object }) => object.metadata.name)).toEqual(['a', 'b'])
    expect((await registry.list(CONFIG_MAPS)).entries).toEqual([
      expect.objectContaining({ object: await get(CONFIG_MAPS, 'c') }),
    ])
  })
})
