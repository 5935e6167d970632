import { describe, expect, it } from 'vitest'
import type { ListOptions } from '../../../../controlplane/registry/registry.ts'
import { MemoryStore } from '../../../../controlplane/store/memory-store.ts'
import type { Page } from '../../../../controlplane/store/store.ts'
import { CONFIG_MAPS, EVENTS, type Kind, NAMESPACES, NODES, PODS, SECRETS } from '../../../../shared/api/kinds.ts'
import { parseFieldSelector, parseLabelSelector } from '../../../../shared/selectors.ts'
import { testPod, testRegistry } from '../../../support/test-registry.ts'

async function setup(store = new MemoryStore()) {
  const test = await testRegistry(store)
  const names = async (kind: Kind, options: ListOptions = {}) =>
    (await test.registry.list(kind, options)).entries.map(({ object }) => object.metadata.name)
  const createMany = async (...names: string[]) => {
    for (const name of names) await test.create(CONFIG_MAPS, { metadata: { name } })
  }
  return { ...test, names, createMany }
}

const fields = (text: string) => ({ fields: parseFieldSelector(text) })
const labels = (text: string) => ({ labels: parseLabelSelector(text) })

describe('list', () => {
  it('shows one namespace, or all, in the order of their names', async () => {
    const { create, names, registry } = await setup()
    await create(NAMESPACES, { metadata: { name: 'default-2' }, spec: {} })
    for (const [namespace, name] of [
      ['default-2', 'c'],
      ['default', 'b'],
      ['default', 'a'],
    ]) {
      await create(PODS, testPod(name ?? '', { metadata: { namespace } }))
    }
    expect(await names(PODS)).toEqual(['c', 'a', 'b'])
    expect(await names(PODS, { namespace: 'default' })).toEqual(['a', 'b'])
    expect(await names(PODS, { namespace: 'none' })).toEqual([])
    expect(await names(NAMESPACES)).toEqual(['default', 'default-2', 'kube-node-lease', 'kube-public', 'kube-system'])
    expect((await registry.list(PODS)).revision).toBeGreaterThan(0)
  })

  it('selects by labels', async () => {
    const { create, names } = await setup()
    await create(CONFIG_MAPS, { metadata: { name: 'a', labels: { app: 'web', tier: 'front' } } })
    await create(CONFIG_MAPS, { metadata: { name: 'b', labels: { app: 'web' } } })
    await create(CONFIG_MAPS, { metadata: { name: 'c' } })
    expect(await names(CONFIG_MAPS, labels('app=web'))).toEqual(['a', 'b'])
    expect(await names(CONFIG_MAPS, labels('app=web,!tier'))).toEqual(['b'])
    expect(await names(CONFIG_MAPS, labels('app!=web'))).toEqual(['c'])
    expect(await names(CONFIG_MAPS, labels('tier in (front,back)'))).toEqual(['a'])
  })

  it('selects by the fields that a kind offers', async () => {
    const { create, names } = await setup()
    await create(PODS, testPod('a', { spec: { nodeName: 'n1' } }))
    await create(PODS, testPod('b', { spec: { restartPolicy: 'Never' } }))
    await create(PODS, testPod('ab'))
    expect(await names(PODS, fields('metadata.name=a'))).toEqual(['a'])
    expect(await names(PODS, { namespace: 'default', ...fields('metadata.name=a') })).toEqual(['a'])
    expect(await names(PODS, fields('metadata.namespace=default,metadata.name=a'))).toEqual(['a'])
    expect(await names(PODS, fields('metadata.namespace=other'))).toEqual([])
    expect(await names(PODS, fields('metadata.name!=a'))).toEqual(['ab', 'b'])
    expect(await names(PODS, fields('spec.nodeName=n1'))).toEqual(['a'])
    expect(await names(PODS, fields('spec.host=n1'))).toEqual(['a'])
    expect(await names(PODS, fields('spec.nodeName=,spec.restartPolicy=Always'))).toEqual(['ab'])
    expect(await names(PODS, fields('status.phase!=Pending'))).toEqual([])
    await create(SECRETS, { metadata: { name: 's' }, type: 'example.com/x' })
    expect(await names(SECRETS, fields('type=example.com/x'))).toEqual(['s'])
    await create(NODES, { metadata: { name: 'n1' }, spec: { unschedulable: true } })
    expect(await names(NODES, fields('spec.unschedulable=true'))).toEqual(['n1'])
    expect(await names(NAMESPACES, fields('status.phase=Terminating'))).toEqual([])
    await create(EVENTS, { metadata: { name: 'e' }, involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' } })
    expect(await names(EVENTS, fields('involvedObject.kind=Pod,involvedObject.name=a'))).toEqual(['e'])
    expect(await names(EVENTS, fields('involvedObject.name=b'))).toEqual([])
  })

  it('refuses other fields', async () => {
    const { registry } = await setup()
    await expect(registry.list(PODS, fields('spec.hostname=x'))).rejects.toMatchObject({
      code: 400,
      message: 'field label not supported: spec.hostname',
    })
    await expect(registry.list(CONFIG_MAPS, fields('constructor=x'))).rejects.toMatchObject({
      code: 400,
      message: '"constructor" is not a known field selector: only "metadata.name", "metadata.namespace"',
    })
  })

  it('refuses labels that nothing can have', async () => {
    const { registry } = await setup()
    for (const text of ['a/b/c=d', 'app=x@y', '-a', 'n>x']) {
      const message = expect.stringMatching(/^unable to parse requirement: /)
      await expect(registry.list(PODS, labels(text))).rejects.toMatchObject({ code: 400, message })
    }
  })

  it('comes in pages that all show the state of the first', async () => {
    const { registry, createMany, create } = await setup()
    await createMany('a', 'b', 'c', 'd', 'e')
    const first = await registry.list(CONFIG_MAPS, { limit: 2 })
    expect(first).toMatchObject({ remainingItemCount: 3 })
    await registry.delete(CONFIG_MAPS, { namespace: 'default', name: 'd' }, {})
    await create(CONFIG_MAPS, { metadata: { name: 'bb' } })
    const second = await registry.list(CONFIG_MAPS, { limit: 2, continue: first.continue ?? '' })
    expect(second).toMatchObject({ revision: first.revision, remainingItemCount: 1 })
    const last = await registry.list(CONFIG_MAPS, { limit: 2, continue: second.continue ?? '' })
    expect(last).not.toHaveProperty('continue')
    expect(last).not.toHaveProperty('remainingItemCount')
    const all = [first, second, last].flatMap(({ entries }) => entries.map(({ object }) => object.metadata.name))
    expect(all).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('fills pages with what matches', async () => {
    const { registry, create } = await setup()
    for (let i = 0; i < 9; i++) {
      await create(CONFIG_MAPS, { metadata: { name: `c${i}`, labels: i % 3 === 0 ? { pick: 'me' } : {} } })
    }
    const picked: (string | undefined)[][] = []
    let token: string | undefined = ''
    while (token !== undefined) {
      const page = await registry.list(CONFIG_MAPS, { limit: 2, continue: token, ...labels('pick') })
      expect(page.remainingItemCount).toBeUndefined()
      picked.push(page.entries.map(({ object }) => object.metadata.name))
      token = page.continue
    }
    expect(picked.flat()).toEqual(['c0', 'c3', 'c6'])
    expect(picked[0]).toHaveLength(2)
  })

  it('shows one state, however many pages of the store it takes', async () => {
    class BusyStore extends MemoryStore {
      override async list(prefix: string, page?: Page) {
        const listing = await super.list(prefix, page)
        const last = [...(await super.list('/registry/configmaps/')).items].at(-1)
        if (last && page?.limit) await this.delete(last.key, last.revision)
        return listing
      }
    }
    const { registry, create } = await setup(new BusyStore())
    for (const name of ['a', 'b', 'c', 'd']) {
      await create(CONFIG_MAPS, { metadata: { name, labels: name > 'b' ? { pick: 'me' } : {} } })
    }
    const { entries } = await registry.list(CONFIG_MAPS, { limit: 2, ...labels('pick') })
    expect(entries.map(({ object }) => object.metadata.name)).toEqual(['c', 'd'])
  })

  it('refuses tokens that are not its own, or too old', async () => {
    const { registry, createMany } = await setup(new MemoryStore({ maxEvents: 3 }))
    await createMany('a', 'b')
    const encode = (token: unknown) => Buffer.from(JSON.stringify(token)).toString('base64url')
    const bad = ['x', encode(null), encode({ v: 'v2', rv: 1, start: 'a' }), encode({ v: 'meta.k8s.io/v1', rv: 1 })]
    for (const token of [...bad, encode({ v: 'meta.k8s.io/v1', rv: -1, start: 'a' })]) {
      const list = registry.list(CONFIG_MAPS, { limit: 1, continue: token })
      await expect(list).rejects.toMatchObject({
        code: 400,
        message: expect.stringMatching(/^continue key is not valid/),
      })
    }
    const { continue: token = '' } = await registry.list(CONFIG_MAPS, { limit: 1 })
    await createMany('c', 'd', 'e', 'f')
    const late = registry.list(CONFIG_MAPS, { limit: 1, continue: token })
    await expect(late).rejects.toMatchObject({
      code: 410,
      reason: 'Expired',
      message: expect.stringContaining('The provided continue parameter is too old'),
    })
  })

  it('shows the state of an exact revision while it is known', async () => {
    const { registry, createMany, names } = await setup(new MemoryStore({ maxEvents: 5 }))
    await createMany('a')
    const { revision } = await registry.list(CONFIG_MAPS)
    await createMany('b')
    expect(await names(CONFIG_MAPS, { at: revision })).toEqual(['a'])
    await createMany('c', 'd', 'e', 'f', 'g')
    await expect(registry.list(CONFIG_MAPS, { at: revision })).rejects.toMatchObject({ code: 410 })
    await expect(registry.list(CONFIG_MAPS, { at: revision + 1000 })).rejects.toMatchObject({ code: 410 })
  })
})
