import { describe, expect, it } from 'vitest'
import {
  CONFIG_MAPS,
  type ConfigMap,
  EVENTS,
  type Kind,
  LEASES,
  NAMESPACES,
  NODES,
  SECRETS,
  type Secret,
} from '../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../shared/api/object.ts'
import { causesOf, testRegistry } from '../../../support/test-registry.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

async function setup() {
  const test = await testRegistry()
  const changing = async <T extends KubeObject>(kind: Kind<T>, name: string, more: object) => {
    const key = kind.namespaced ? { namespace: 'default', name } : { name }
    try {
      await test.registry.update(kind, key, (current) => ({ ...current, ...more }), {})
      return []
    } catch (error) {
      return causesOf(error)
    }
  }
  return { ...test, changing }
}

describe('ConfigMap', () => {
  const configMap = (more: Partial<ConfigMap>): ConfigMap => ({ metadata: { name: 'a' }, ...more })

  it('has keys that can be files, each once', async () => {
    const { refusals, create } = await setup()
    const found = await refusals(
      CONFIG_MAPS,
      configMap({ data: { 'a/b': '', '..': '', twice: '' }, binaryData: { twice: '' } }),
    )
    expect(found).toEqual([
      expect.stringMatching(/^data\[a\/b\]: Invalid value: "a\/b": a valid config key must consist of/),
      'data[..]: Invalid value: "..": must not be \'..\'',
      'data[twice]: Invalid value: "twice": duplicate of key present in binaryData',
    ])
    const data = JSON.parse('{"__proto__":"a","constructor":"b"}')
    expect(Object.entries((await create(CONFIG_MAPS, configMap({ data }))).data ?? {})).toEqual(Object.entries(data))
  })

  it('holds one mebibyte', async () => {
    const { refusals } = await setup()
    const big = (bytes: number) =>
      configMap({ data: { a: 'x'.repeat(bytes / 2) }, binaryData: { b: base64('y'.repeat(bytes / 2)) } })
    expect(await refusals(CONFIG_MAPS, big(2 ** 20))).toEqual([])
    expect(await refusals(CONFIG_MAPS, big(2 ** 20 + 2))).toEqual(['[]: Too long: may not be more than 1048576 bytes'])
  })

  it('stays as it is once it is immutable', async () => {
    const { create, changing } = await setup()
    await create(CONFIG_MAPS, configMap({ data: { a: '1' }, immutable: true }))
    expect(await changing(CONFIG_MAPS, 'a', { data: { a: '2' }, immutable: false })).toEqual([
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
    ])
    expect(await changing(CONFIG_MAPS, 'a', { metadata: { labels: { still: 'free' } } })).toEqual([])
  })
})

describe('Secret', () => {
  const secret = (more: Partial<Secret>): Secret => ({ metadata: { name: 'a' }, ...more })

  it('takes plain text, which wins and is not kept', async () => {
    const { create } = await setup()
    const created = await create(
      SECRETS,
      secret({ data: { a: base64('old'), b: base64('b') }, stringData: { a: 'new' } }),
    )
    expect(created).toMatchObject({ type: 'Opaque', data: { a: base64('new'), b: base64('b') } })
    expect(created).not.toHaveProperty('stringData')
  })

  it('has the keys that its type asks for, and tells nothing of what is in it', async () => {
    const { refusals } = await setup()
    expect(await refusals(SECRETS, secret({ type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }))).toEqual([
      'data[tls.key]: Required value',
    ])
    const dockerconfig = { '.dockerconfigjson': base64('hunter2') }
    const found = await refusals(SECRETS, secret({ type: 'kubernetes.io/dockerconfigjson', data: dockerconfig }))
    expect(found).toEqual([
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": it is not valid JSON',
    ])
    expect(await refusals(SECRETS, secret({ type: 'kubernetes.io/basic-auth' }))).toHaveLength(2)
    expect(await refusals(SECRETS, secret({ type: 'example.com/own' }))).toEqual([])
  })

  it('keeps its type', async () => {
    const { create, changing } = await setup()
    await create(SECRETS, secret({}))
    expect(await changing(SECRETS, 'a', { type: 'example.com/x' })).toEqual([
      'type: Invalid value: "example.com/x": field is immutable',
    ])
  })
})

describe('Node', () => {
  it('has each taint once, with a key and an effect that mean something', async () => {
    const { refusals } = await setup()
    const taint = { key: 'a', effect: 'NoSchedule' }
    const taints = [taint, taint, { key: '', effect: 'Never', value: 'x y' }]
    expect(await refusals(NODES, { metadata: { name: 'n1' }, spec: { taints } })).toEqual([
      'spec.taints[1]: Duplicate value: {"key":"a","effect":"NoSchedule"}: taints must be unique by key and effect pair',
      'spec.taints[2].key: Invalid value: "": name part must be non-empty',
      expect.stringMatching(/^spec.taints\[2\].value: Invalid value: "x y"/),
      'spec.taints[2].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ])
  })

  it('has one range of addresses for each family', async () => {
    const { refusals } = await setup()
    const podCIDRs = ['10.0.0.0/24', 'fd00::/64', '10.0.0.0/33']
    expect(await refusals(NODES, { metadata: { name: 'n1' }, spec: { podCIDRs } })).toEqual([
      'spec.podCIDRs[2]: Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      expect.stringMatching(/^spec.podCIDRs: .*: may specify no more than one CIDR for each IP family$/),
    ])
  })

  it('keeps its address range', async () => {
    const { create, changing } = await setup()
    const { spec } = await create(NODES, { metadata: { name: 'n1' }, spec: { podCIDR: '10.0.0.0/24' } })
    expect(spec.podCIDRs).toEqual(['10.0.0.0/24'])
    expect(await changing(NODES, 'n1', { spec: { podCIDR: '10.0.1.0/24' } })).toEqual([
      'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    ])
  })
})

describe('Namespace', () => {
  it('is not held to Pod Security Standards, and whoever asks for it is told', async () => {
    const { registry } = await setup()
    const warnings: string[] = []
    const labels = {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/enforce-version': 'latest',
      'pod-security.kubernetes.io/warn': 'privileged',
    }
    const namespace = { metadata: { name: 'a', labels }, spec: {} }
    await registry.create(NAMESPACES, namespace, { warn: (message) => warnings.push(message) })
    const why = 'there is no Pod Security admission yet: no Pod is refused or warned of for it'
    expect(warnings).toEqual([`metadata.labels[pod-security.kubernetes.io/enforce]: ${why}`])
  })
})

describe('Event', () => {
  it('lives where its object does', async () => {
    const { refusals } = await setup()
    const event = (namespace: string) => ({ metadata: { name: 'e' }, involvedObject: { namespace } })
    expect(await refusals(EVENTS, event('kube-system'))).toEqual([
      'involvedObject.namespace: Invalid value: "kube-system": does not match event.namespace',
    ])
    expect(await refusals(EVENTS, event(''))).toEqual([])
  })

  it('of the new style names its reporter', async () => {
    const { refusals } = await setup()
    const eventTime = '2030-01-01T00:00:00.000000Z'
    const event = { metadata: { name: 'e' }, involvedObject: {}, eventTime, reason: 'x'.repeat(129) }
    expect(await refusals(EVENTS, event)).toEqual([
      'reportingComponent: Required value',
      'reportingInstance: Required value',
      'action: Required value',
      `reason: Invalid value: "${'x'.repeat(129)}": can have at most 128 characters`,
    ])
  })
})

describe('Lease', () => {
  it('lasts for some time', async () => {
    const { refusals } = await setup()
    const spec = { leaseDurationSeconds: 0, leaseTransitions: -1 }
    expect(await refusals(LEASES, { metadata: { name: 'l' }, spec })).toEqual([
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ])
  })
})
