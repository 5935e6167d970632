import { describe, expect, it } from 'vitest'
import { containerEnvironment, type EnvironmentSources, expandIn } from '../../../../../agent/pods/spec/environment.ts'
import { expandVariables } from '../../../../../agent/pods/spec/variable-expansion.ts'
import type { Container } from '../../../../../shared/api/generated/core-v1.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const pod = assignedPod('a', { serviceAccountName: 'robot', containers: [podContainer('web')] })
const sources: EnvironmentSources = {
  pod: { ...pod, metadata: { ...pod.metadata, labels: { app: 'shop' }, annotations: { 'x/y': 'z' } } },
  podIP: '10.0.0.7',
  hostIPs: ['192.0.2.1'],
  allocatable: { cpu: '4', memory: '8Gi', 'ephemeral-storage': '20Gi' },
  configMap: (name) => (name === 'cm' ? { metadata: {}, data: { color: 'blue', size: 'big' } } : undefined),
  services: () => [],
  secret: (name) => (name === 'sec' ? { metadata: {}, data: { pass: base64('w0rd') } } : undefined),
}
const expanded = (more: Partial<Container>) => containerEnvironment({ ...podContainer('web'), ...more }, sources)
const environment = (more: Partial<Container>) =>
  Object.fromEntries([...expanded(more)].map(([name, { value }]) => [name, value]))

describe('containerEnvironment', () => {
  it('expands what was defined before', () => {
    const env = [
      { name: 'A', value: 'one' },
      { name: 'B', value: '$(A)-$(LATER)-$$(A)' },
      { name: 'LATER', value: 'x' },
      { name: 'A', value: '$(A)!' },
    ]
    expect(environment({ env })).toEqual({ A: 'one!', B: 'one-$(LATER)-$(A)', LATER: 'x' })
  })

  it('knows what holds something of a Secret', () => {
    const env = [
      { name: 'PASS', valueFrom: { secretKeyRef: { name: 'sec', key: 'pass' } } },
      { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'cm', key: 'color' } } },
      { name: 'URL', value: 'https://me:$(PASS)@$(COLOR)' },
      { name: 'AGAIN', value: '$(URL)' },
      { name: 'PLAIN', value: '$(COLOR) $$(PASS)' },
      { name: 'pass', value: 'replaced' },
    ]
    const envFrom = [{ secretRef: { name: 'sec' } }, { prefix: 'S_', secretRef: { name: 'sec' } }]
    const found = expanded({ envFrom: [...envFrom, { configMapRef: { name: 'cm' } }], env })
    const secret = [...found].filter(([, { isSecret }]) => isSecret).map(([name, { value }]) => `${name}=${value}`)
    const url = 'https://me:w0rd@blue'
    expect(secret).toEqual(['S_pass=w0rd', 'PASS=w0rd', `URL=${url}`, `AGAIN=${url}`])
    expect(found.get('pass')).toEqual({ value: 'replaced', isSecret: false })
    expect(expandIn(found, 'x $(AGAIN)')).toEqual({ value: `x ${url}`, isSecret: true })
    expect(expandIn(found, '$(PLAIN)')).toEqual({ value: 'blue $(PASS)', isSecret: false })
  })

  it('tells a container of its Pod and node', () => {
    const paths = ['metadata.name', 'metadata.namespace', 'metadata.uid', "metadata.labels['app']"]
    const more = [
      "metadata.annotations['x/y']",
      'spec.nodeName',
      'spec.host',
      'spec.serviceAccountName',
      'status.podIP',
      'status.hostIP',
    ]
    const env = [...paths, ...more].map((fieldPath, i) => ({ name: `V${i}`, valueFrom: { fieldRef: { fieldPath } } }))
    const values = ['a', 'default', 'uid-a', 'shop', 'z', 'node-1', 'node-1', 'robot', '10.0.0.7', '192.0.2.1']
    expect(Object.values(environment({ env }))).toEqual(values)
  })

  it('tells a container of its resources, rounded up, and of the node’s where it has no limit', () => {
    const resources = { requests: { cpu: '250m' }, limits: { memory: '100M' } }
    const reference = (resource: string, divisor?: string) => ({
      resourceFieldRef: { resource, ...(divisor ? { divisor } : {}) },
    })
    const env = [
      { name: 'CPU', valueFrom: reference('requests.cpu') },
      { name: 'MILLI', valueFrom: reference('requests.cpu', '1m') },
      { name: 'MI', valueFrom: reference('limits.memory', '1Mi') },
      { name: 'CORES', valueFrom: reference('limits.cpu') },
      { name: 'DISK', valueFrom: reference('limits.ephemeral-storage', '1Gi') },
    ]
    expect(environment({ env, resources })).toEqual({ CPU: '1', MILLI: '250', MI: '96', CORES: '4', DISK: '20' })
  })

  it('takes values from ConfigMaps and Secrets, whole or by key; env comes last', () => {
    const envFrom = [{ prefix: 'CM_', configMapRef: { name: 'cm' } }, { secretRef: { name: 'sec' } }]
    const env = [
      { name: 'CM_size', value: 'small' },
      { name: 'P', valueFrom: { secretKeyRef: { name: 'sec', key: 'pass' } } },
      { name: 'USES', value: '$(CM_color)' },
    ]
    expect(environment({ envFrom, env })).toEqual({
      CM_color: 'blue',
      CM_size: 'small',
      pass: 'w0rd',
      P: 'w0rd',
      USES: 'blue',
    })
  })

  it.each([
    ['configmap "x" not found', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'k' } } }] }],
    ['secret "x" not found', { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } }] }],
    [
      "couldn't find key k in Secret default/sec",
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'sec', key: 'k' } } }] },
    ],
    ['configmap "x" not found', { envFrom: [{ configMapRef: { name: 'x' } }] }],
    ['secret "x" not found', { envFrom: [{ secretRef: { name: 'x' } }] }],
  ])('says %s', (message, more) => {
    expect(() => environment(more)).toThrow(message)
  })

  it('goes without what is optional', () => {
    const envFrom = [{ configMapRef: { name: 'x', optional: true } }]
    const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 'sec', key: 'no', optional: true } } }]
    expect(environment({ envFrom, env })).toEqual({})
  })
})

describe('expandVariables', () => {
  it.each([
    ['$(A)$(A)', '11'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$A $(no) $(', '$A $(no) $('],
    ['', ''],
  ])('makes %j %j', (text, expected) => {
    expect(expandVariables(text, (name) => (name === 'A' ? '1' : undefined))).toBe(expected)
  })
})
