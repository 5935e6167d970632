import { describe, expect, it } from 'vitest'
import type { EnvironmentSources } from '../../../../agent/pods/spec/environment.ts'
import { projectedFiles } from '../../../../agent/volumes/file-projection.ts'
import type { Volume } from '../../../../shared/api/generated/core-v1.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const web = podContainer('web', { resources: { limits: { cpu: '500m', memory: '64Mi' } } })
const pod = assignedPod('a', { containers: [web] })
const labels = { tier: 'front', app: 'shop' }
const annotations = { note: 'a "quoted"\nline' }
const sources = (fsGroup?: number): EnvironmentSources => ({
  pod: {
    ...pod,
    metadata: { ...pod.metadata, labels, annotations },
    spec: { ...pod.spec, containers: [web], ...(fsGroup === undefined ? {} : { securityContext: { fsGroup } }) },
  },
  podIP: undefined,
  hostIPs: [],
  allocatable: { cpu: '4', memory: '8Gi', 'ephemeral-storage': '20Gi' },
  configMap: (name) =>
    name === 'cm' ? { metadata: {}, data: { color: 'blue' }, binaryData: { raw: base64('\u0000') } } : undefined,
  services: () => [],
  secret: (name) => (name === 'sec' ? { metadata: {}, data: { pass: base64('w0rd') } } : undefined),
})
const files = (volume: Omit<Volume, 'name'>, fsGroup?: number) =>
  Object.fromEntries(
    projectedFiles({ name: 'v', ...volume }, sources(fsGroup)).map(({ path, mode, content, group }) => [
      path,
      `${mode.toString(8)}${group === undefined ? '' : ` ${group}`} ${content}`,
    ]),
  )

describe('projectedFiles', () => {
  it('makes a file of each key, of text and of bytes', () => {
    expect(files({ configMap: { name: 'cm', defaultMode: 0o600 } })).toEqual({ color: '600 blue', raw: '600 \u0000' })
    expect(files({ secret: { secretName: 'sec' } })).toEqual({ pass: '644 w0rd' })
  })

  it('takes the keys that items name, with their paths and modes', () => {
    const items = [{ key: 'color', path: 'a/b', mode: 0o400 }]
    expect(files({ configMap: { name: 'cm', items } })).toEqual({ 'a/b': '400 blue' })
  })

  it('writes what the Pod says of itself', () => {
    const ref = (path: string, fieldPath: string) => ({ path, fieldRef: { fieldPath } })
    const limit = { containerName: 'web', resource: 'limits.memory', divisor: '1Mi' }
    const items = [
      ref('labels', 'metadata.labels'),
      ref('annotations', 'metadata.annotations'),
      ref('name', 'metadata.name'),
      ref('app', "metadata.labels['app']"),
      { path: 'memory', resourceFieldRef: limit, mode: 0o440 },
    ]
    expect(files({ downwardAPI: { items } })).toEqual({
      labels: '644 app="shop"\ntier="front"',
      annotations: '644 note="a \\"quoted\\"\\nline"',
      name: '644 a',
      app: '644 shop',
      memory: '440 64',
    })
  })

  it('puts several sources into one volume, the last at a path on top', () => {
    const projected = {
      defaultMode: 0o440,
      sources: [
        { configMap: { name: 'cm', items: [{ key: 'color', path: 'x' }] } },
        { secret: { name: 'sec', items: [{ key: 'pass', path: 'x', mode: 0o400 }] } },
        { downwardAPI: { items: [{ path: 'uid', fieldRef: { fieldPath: 'metadata.uid' } }] } },
      ],
    }
    expect(files({ projected })).toEqual({ x: '400 w0rd', uid: '440 uid-a' })
  })

  it('lets the Pod’s group read', () => {
    expect(files({ secret: { secretName: 'sec', defaultMode: 0o400 } }, 2000)).toEqual({ pass: '440 2000 w0rd' })
  })

  it('goes without what is optional', () => {
    expect(files({ configMap: { name: 'no', optional: true } })).toEqual({})
    const items = [{ key: 'no', path: 'no' }]
    expect(files({ secret: { secretName: 'sec', optional: true, items } })).toEqual({})
  })

  it.each<[string, Omit<Volume, 'name'>]>([
    ['configmap "no" not found', { configMap: { name: 'no' } }],
    ['secret "no" not found', { secret: { secretName: 'no' } }],
    ['references non-existent config key: x', { configMap: { name: 'cm', items: [{ key: 'x', path: 'x' }] } }],
    ['references non-existent secret key: x', { secret: { secretName: 'sec', items: [{ key: 'x', path: 'x' }] } }],
    [
      'container db not found',
      { downwardAPI: { items: [{ path: 'x', resourceFieldRef: { containerName: 'db', resource: 'limits.cpu' } }] } },
    ],
    [
      '[configmap "no" not found, secret "no" not found]',
      { projected: { sources: [{ configMap: { name: 'no' } }, { secret: { name: 'no' } }] } },
    ],
  ])('says %s', (message, volume) => {
    expect(() => files(volume)).toThrow(message)
  })
})
