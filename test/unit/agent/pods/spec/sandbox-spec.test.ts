import { expect, it } from 'vitest'
import { sandboxSpec } from '../../../../../agent/pods/spec/sandbox-spec.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'

const withPort = (hostIP: string) =>
  assignedPod('a', { containers: [podContainer('web', { ports: [{ containerPort: 80, hostPort: 8080, hostIP }] })] })

it.each(['127.0.0.1', '::1'])('a port is published on the address %s', (hostIP) => {
  expect(sandboxSpec(withPort(hostIP)).ports).toEqual([{ containerPort: 80, hostPort: 8080, protocol: 'TCP', hostIP }])
})

it('a port is not published everywhere for want of an address', () => {
  expect(() => sandboxSpec(withPort('lo'))).toThrow('host IP lo of port 8080 is no IP address')
})

it.each(['containers', 'initContainers'])('is privileged for one privileged container among %s', (list) => {
  const privileged = podContainer('one', { securityContext: { privileged: true } })
  const spec = { containers: [podContainer('web')], initContainers: [podContainer('init')] }
  expect(sandboxSpec(assignedPod('a', spec))).toMatchObject({ privileged: false })
  const withOne = { ...spec, [list]: [podContainer('another'), privileged] }
  expect(sandboxSpec(assignedPod('a', withOne))).toMatchObject({ privileged: true })
})

it('has the hostname of the machine whose network it uses', () => {
  const hostname = (hostNetwork: boolean) => sandboxSpec(assignedPod('a', { hostNetwork })).namespaces?.hostname
  expect(hostname(true)).toBe('node')
  expect(hostname(false)).toBe('pod')
})
