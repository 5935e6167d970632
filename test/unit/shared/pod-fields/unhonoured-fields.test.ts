import { describe, expect, it } from 'vitest'
import type { PodSpec } from '../../../../shared/api/generated/core-v1.ts'
import { unhonouredFields } from '../../../../shared/pod-fields/unhonoured-fields.ts'
import { podContainer } from '../../../support/assigned-pod.ts'

const pathsOf = (spec: PodSpec, state: 'refused' | 'warned') =>
  unhonouredFields(spec, 'spec').flatMap((field) => (field.state === state ? [field.path] : []))

describe('unhonouredFields', () => {
  it('finds nothing in a Pod with what the API fills in by itself', () => {
    const spec: PodSpec = {
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      securityContext: {},
      hostPID: false,
      hostUsers: true,
      serviceAccountName: 'default',
      enableServiceLinks: true,
      tolerations: [{ key: 'x', operator: 'Exists' }],
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        podContainer('web', { terminationMessagePath: '/dev/termination-log', resources: {}, lifecycle: {} }),
      ],
    }
    expect(unhonouredFields(spec, 'spec')).toEqual([])
  })

  it('names each field that is asked for in vain, with its place and the reason', () => {
    const spec: PodSpec = {
      runtimeClassName: 'gvisor',
      hostUsers: false,
      os: { name: 'windows' },
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'n', nfs: { server: 'nas', path: '/' } },
      ],
      containers: [podContainer('web', { resources: { claims: [{ name: 'gpu' }] } })],
    }
    expect(pathsOf(spec, 'refused')).toEqual([
      'spec.volumes[1].nfs',
      'spec.containers[0].resources.claims',
      'spec.runtimeClassName',
      'spec.os.name',
      'spec.hostUsers',
    ])
    expect(unhonouredFields(spec, 'spec')[0]?.reason).toBe('Kubette has no driver for storage outside a node')
  })

  it('warns of what is accepted and does nothing', () => {
    const spec: PodSpec = { automountServiceAccountToken: true, serviceAccountName: 'ci', containers: [] }
    expect(pathsOf(spec, 'warned')).toEqual(['spec.serviceAccountName', 'spec.automountServiceAccountToken'])
    expect(unhonouredFields({ automountServiceAccountToken: false, containers: [] }, 'spec')).toEqual([])
  })

  it('looks at init containers and at templates too', () => {
    const spec: PodSpec = {
      initContainers: [podContainer('first', { volumeDevices: [{ name: 'd', devicePath: '/dev/d' }] })],
      containers: [],
    }
    expect(unhonouredFields(spec, 'spec.template.spec').map(({ path }) => path)).toEqual([
      'spec.template.spec.initContainers[0].volumeDevices',
    ])
  })
})
