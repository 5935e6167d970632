import { describe, expect, it } from 'vitest'
import { NamespaceController } from '../../../../../controlplane/controllers/namespace/namespace-controller.ts'
import { isApiError } from '../../../../../shared/api/api-error.ts'
import { CONFIG_MAPS, KINDS, NAMESPACES, NODES, PODS, SECRETS } from '../../../../../shared/api/kinds.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'
import { startTestKubelet } from '../../../../support/test-kubelet.ts'

async function setUp() {
  const plane = await startTestControlPlane()
  const { client, clock } = plane
  plane.run(new NamespaceController(plane))
  startTestKubelet(plane, { stopMs: 2_000 }, plane.signal)
  await client.create(NODES, { metadata: { name: 'n1' }, spec: {} })
  await client.create(NAMESPACES, { metadata: { name: 'shop' }, spec: {} })
  await clock.advance(100)
  const condition = async (type: string) =>
    (await client.get(NAMESPACES, { name: 'shop' })).status?.conditions?.find((one) => one.type === type)
  const exists = () =>
    client.get(NAMESPACES, { name: 'shop' }).then(
      () => true,
      (error) => !isApiError(error, 'NotFound'),
    )
  const contents = async () => {
    const lists = KINDS.filter((kind) => kind.namespaced).map((kind) => client.list(kind, { namespace: 'shop' }))
    return (await Promise.all(lists)).flatMap(({ items }) => items)
  }
  return { ...plane, condition, exists, contents }
}

const inShop = (name: string) => ({ namespace: 'shop', name })

describe('namespace controller', () => {
  it('leaves a living namespace alone', async () => {
    const { client, clock, contents } = await setUp()
    await client.create(CONFIG_MAPS, { metadata: inShop('a') })
    await clock.advance(60_000)
    expect(await contents()).toHaveLength(1)
  })

  it('deletes an empty one at once', async () => {
    const { client, clock, exists } = await setUp()
    await client.delete(NAMESPACES, { name: 'shop' })
    await clock.advance(100)
    expect(await exists()).toBe(false)
  })

  it('deletes all that is in it, gracefully, then the namespace', async () => {
    const { client, clock, condition, contents, exists } = await setUp()
    await client.create(CONFIG_MAPS, { metadata: inShop('a') })
    await client.create(SECRETS, { metadata: inShop('b') })
    await client.create(CONFIG_MAPS, { metadata: { namespace: 'default', name: 'other' } })
    const pod = await client.create(PODS, {
      metadata: inShop('p'),
      spec: { containers: [{ name: 'main', image: 'i' }] },
    })
    await client.bind(pod, 'n1')
    await clock.advance(100)

    await client.delete(NAMESPACES, { name: 'shop' })
    await clock.advance(1_000)
    expect((await contents()).map(({ kind }) => kind)).toEqual(['Pod'])
    expect(await condition('NamespaceContentRemaining')).toMatchObject({
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: 'Some resources are remaining: pods. has 1 resource instances',
    })
    expect(await condition('NamespaceDeletionContentFailure')).toMatchObject({
      status: 'False',
      reason: 'ContentDeleted',
    })
    await expect(client.create(CONFIG_MAPS, { metadata: inShop('late') })).rejects.toMatchObject({
      reason: 'Forbidden',
    })

    await clock.advance(1_500)
    expect(await contents()).toEqual([])
    expect(await exists()).toBe(false)
    expect((await client.list(CONFIG_MAPS, { namespace: 'default' })).items).toHaveLength(1)
  })

  it('waits for finalizers, and says for which', async () => {
    const { client, clock, condition, exists } = await setUp()
    await client.create(CONFIG_MAPS, { metadata: { ...inShop('held'), finalizers: ['example.com/hold'] } })
    await client.delete(NAMESPACES, { name: 'shop' })
    await clock.advance(60_000)
    expect(await condition('NamespaceFinalizersRemaining')).toMatchObject({
      status: 'True',
      reason: 'SomeFinalizersRemain',
      message: 'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    })
    await client.modify(CONFIG_MAPS, inShop('held'), (draft) => {
      draft.metadata.finalizers = []
    })
    await clock.advance(100)
    expect(await exists()).toBe(false)
  })
})
