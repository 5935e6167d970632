import { describe, expect, it } from 'vitest'
import { bootstrapPriorityClasses } from '../../../../controlplane/registry/priority/system-priority-classes.ts'
import { strategyOf } from '../../../../controlplane/registry/strategies/index.ts'
import { PODS, PRIORITY_CLASSES, type PriorityClass } from '../../../../shared/api/kinds.ts'
import { causesOf, testPod, testRegistry } from '../../../support/test-registry.ts'

async function setup() {
  const test = await testRegistry()
  await bootstrapPriorityClasses(test.registry)
  const addClass = (name: string, more: Partial<PriorityClass> = {}) =>
    test.create(PRIORITY_CLASSES, { metadata: { name }, ...more })
  const addPod = async (name: string, spec: object = {}) => (await test.create(PODS, testPod(name, { spec }))).spec
  const change = (name: string, more: Partial<PriorityClass>) =>
    test.registry.update(PRIORITY_CLASSES, { name }, (current) => ({ ...current, ...more }), {})
  return { ...test, addClass, addPod, change }
}

describe('a PriorityClass', () => {
  it('takes the place of others unless it says otherwise, and is shown', async () => {
    const { addClass, clock } = await setup()
    const created = await addClass('high', { value: 1_000_000_000, globalDefault: true })
    expect(created).toMatchObject({ preemptionPolicy: 'PreemptLowerPriority', metadata: { generation: 1 } })
    const columns = strategyOf(PRIORITY_CLASSES).columns
    expect(columns.map(({ name }) => name.toUpperCase())).toEqual([
      ...['NAME', 'VALUE', 'GLOBAL-DEFAULT', 'AGE', 'PREEMPTIONPOLICY'],
    ])
    const cells = columns.map(({ cell }) => cell(created, clock.now()))
    expect(cells).toEqual(['high', 1_000_000_000, true, '0s', 'PreemptLowerPriority'])
    expect(await addClass('none')).toMatchObject({ value: 0 })
  })

  const RESERVED =
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only"
  it.each<[string, string, Partial<PriorityClass>, string]>([
    [
      'too high a value',
      'high',
      { value: 1_000_000_001 },
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ],
    ['a reserved name', 'system-x', {}, `${RESERVED}. error: system-x is not a known system priority class`],
    [
      'a reserved name with another value',
      'system-node-critical',
      { value: 1 },
      `${RESERVED}. error: value of system-node-critical PriorityClass must be 2000001000`,
    ],
    [
      'another policy',
      'high',
      { preemptionPolicy: 'Always' },
      'preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"',
    ],
  ])('is refused with %s', async (_, name, more, why) => {
    const { refusals } = await setup()
    expect(await refusals(PRIORITY_CLASSES, { metadata: { name }, ...more })).toEqual([why])
  })

  it('keeps its value and its policy', async () => {
    const { addClass, change } = await setup()
    await addClass('high', { value: 5 })
    const refused = change('high', { value: 6, preemptionPolicy: 'Never', description: 'new' }).catch(causesOf)
    expect(await refused).toEqual([
      'value: Forbidden: may not be changed in an update.',
      'preemptionPolicy: Invalid value: "Never": field is immutable',
    ])
    expect((await change('high', { description: 'new' })).object).toMatchObject({ description: 'new', value: 5 })
  })

  it('is the only default one', async () => {
    const { addClass, change, registry } = await setup()
    await addClass('first', { globalDefault: true })
    await addClass('second')
    const why = 'is forbidden: PriorityClass first is already marked as default. Only one default can exist'
    await expect(change('second', { globalDefault: true })).rejects.toThrow(`"second" ${why}`)
    await expect(addClass('third', { globalDefault: true })).rejects.toThrow(`"third" ${why}`)
    await change('first', { description: 'still the default' })
    await registry.delete(PRIORITY_CLASSES, { name: 'first' }, {})
    await change('second', { globalDefault: true })
  })

  it('of the system is there from the beginning and stays', async () => {
    const { get, registry } = await setup()
    await bootstrapPriorityClasses(registry)
    const { value } = await get(PRIORITY_CLASSES, 'system-cluster-critical')
    expect(value).toBe(2_000_000_000)
    await expect(registry.delete(PRIORITY_CLASSES, { name: 'system-cluster-critical' }, {})).rejects.toThrow(
      'priorityclasses.scheduling.k8s.io "system-cluster-critical" is forbidden: ' +
        'this is a system priority class and cannot be deleted',
    )
  })
})

describe('a Pod', () => {
  it('has its priority and its policy from its class', async () => {
    const { addClass, addPod } = await setup()
    await addClass('quiet', { value: -7, preemptionPolicy: 'Never' })
    expect(await addPod('a', { priorityClassName: 'quiet' })).toMatchObject({ priority: -7, preemptionPolicy: 'Never' })
    const critical = { priorityClassName: 'system-node-critical', priority: 2_000_001_000 }
    expect(await addPod('b', critical)).toMatchObject({ priority: 2_000_001_000 })
    const plain = await addPod('c')
    expect(plain).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' })
    expect(plain.priorityClassName).toBeUndefined()
  })

  it('without a class gets the default one, for good', async () => {
    const { addClass, addPod, get, registry } = await setup()
    await addClass('usual', { value: 3, globalDefault: true })
    expect(await addPod('a')).toMatchObject({ priorityClassName: 'usual', priority: 3 })
    await registry.delete(PRIORITY_CLASSES, { name: 'usual' }, {})
    const relabel = ({ metadata, ...pod }: Awaited<ReturnType<typeof get>>) => {
      return { ...pod, metadata: { ...metadata, labels: { a: 'b' } } }
    }
    await registry.update(PODS, { namespace: 'default', name: 'a' }, relabel as never, {})
    expect((await get(PODS, 'a')).spec).toMatchObject({ priorityClassName: 'usual', priority: 3 })
    expect(await addPod('b')).toMatchObject({ priority: 0 })
  })

  it.each<[object, string]>([
    [{ priorityClassName: 'gone' }, 'no PriorityClass with name gone was found'],
    [
      { priority: 9 },
      'the integer value of priority (9) must not be provided in pod spec; ' +
        'priority admission controller computed 0 from the given PriorityClass name',
    ],
    [
      { priorityClassName: 'system-node-critical', preemptionPolicy: 'Never' },
      'the string value of PreemptionPolicy (Never) must not be provided in pod spec; ' +
        'priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
    ],
  ])('with %o is refused', async (spec, why) => {
    const { addPod } = await setup()
    await expect(addPod('a', spec)).rejects.toThrow(`pods "a" is forbidden: ${why}`)
  })
})
