import { describe, expect, it } from 'vitest'
import type { EphemeralContainer } from '../../../../shared/api/generated/core-v1.ts'
import { PODS, type Pod } from '../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../shared/api/object.ts'
import { causesOf, testPod, testRegistry } from '../../../support/test-registry.ts'

const debug: EphemeralContainer = { name: 'debug', image: 'busybox:1' }

describe('ephemeral containers', () => {
  const begin = async () => {
    const { registry, create } = await testRegistry()
    await create(PODS, testPod('a'))
    const key = { namespace: 'default', name: 'a' }
    const write = async (ephemeralContainers: EphemeralContainer[], area: 'ephemeralcontainers' | 'object') => {
      const change = (current: KubeObject) => {
        const pod = current as Pod
        return { ...pod, spec: { ...pod.spec, hostname: 'ignored', ephemeralContainers } }
      }
      return (await registry.update(PODS, key, change, { area })).object as Pod
    }
    const refused = (...containers: EphemeralContainer[]) =>
      write(containers, 'ephemeralcontainers').then(() => [], causesOf)
    return { write, refused, add: (...containers: EphemeralContainer[]) => write(containers, 'ephemeralcontainers') }
  }

  it('are added to a Pod, and nothing else is changed', async () => {
    const { add } = await begin()
    const pod = await add(debug)
    expect(pod.spec.ephemeralContainers).toEqual([
      expect.objectContaining({ ...debug, imagePullPolicy: 'IfNotPresent', terminationMessagePolicy: 'File' }),
    ])
    expect(pod.spec.hostname).toBeUndefined()
    expect(pod.metadata.generation).toBe(2)
    const more = await add(pod.spec.ephemeralContainers?.[0] ?? debug, {
      ...debug,
      name: 'more',
      targetContainerName: 'main',
    })
    expect(more.spec.ephemeralContainers?.map(({ name }) => name)).toEqual(['debug', 'more'])
  })

  it('neither go nor change', async () => {
    const { add, refused } = await begin()
    await add(debug)
    expect(await refused()).toEqual([
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
    ])
    expect(await refused({ ...debug, image: 'busybox:2' })).toEqual([
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n',
    ])
  })

  it('are containers of a simpler kind', async () => {
    const { refused } = await begin()
    const at = 'spec.ephemeralContainers[0]'
    expect(await refused({ name: 'main', image: 'x' })).toEqual([`${at}.name: Duplicate value: "main"`])
    expect(await refused({ ...debug, targetContainerName: 'db' })).toEqual([
      `${at}.targetContainerName: Not found: "db"`,
    ])
    expect(await refused({ ...debug, name: 'A', image: '' })).toEqual([
      expect.stringContaining(`${at}.name: Invalid value: "A"`),
      `${at}.image: Required value`,
    ])
    const forbidden = (field: string) => `${at}.${field}: Forbidden: cannot be set for an Ephemeral Container`
    const ports = [{ containerPort: 80, protocol: 'TCP' }]
    const resources = { limits: { cpu: '1' } }
    expect(await refused({ ...debug, ports, resources, lifecycle: { preStop: { sleep: { seconds: 1 } } } })).toEqual(
      expect.arrayContaining([forbidden('ports'), forbidden('lifecycle'), forbidden('resources')]),
    )
  })

  it('come by their own way only', async () => {
    const { create } = await testRegistry()
    const born = create(PODS, testPod('b', { spec: { ephemeralContainers: [debug] } }))
    expect(await born.then(() => [], causesOf)).toEqual([
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ])
    const { write } = await begin()
    expect(await write([debug], 'object').then(() => [], causesOf)).toEqual([
      expect.stringContaining('spec: Forbidden: pod updates may not change fields other than'),
    ])
  })
})
