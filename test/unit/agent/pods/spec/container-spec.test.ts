import { describe, expect, it } from 'vitest'
import { containerSpec } from '../../../../../agent/pods/spec/container-spec.ts'
import { sandboxSpec } from '../../../../../agent/pods/spec/sandbox-spec.ts'
import type { Container, PodSpec } from '../../../../../shared/api/generated/core-v1.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'

const image = { id: 'sha256:1', references: [], digests: [], sizeBytes: 1, architecture: 'amd64', user: 'app' }

function specOf(container: Partial<Container>, pod: Partial<Omit<PodSpec, 'containers'>> = {}, user = '') {
  const full = podContainer('web', container)
  const sources = {
    pod: assignedPod('a', { ...pod, containers: [full] }),
    podIP: '10.0.0.7',
    hostIPs: [],
    allocatable: { cpu: '1', memory: '1Gi' },
    configMap: () => undefined,
    secret: () => undefined,
  }
  const action = { type: 'startContainer', container: full, restartCount: 0, backoffMs: 0 } as const
  return containerSpec(action, 'box', { ...image, user }, sources)
}

describe('containerSpec', () => {
  it('expands command and arguments', () => {
    const env = [{ name: 'WHO', value: 'you' }]
    const spec = specOf({ env, command: ['echo', '$(WHO)'], args: ['$$(WHO)', '$(NOBODY)'] })
    expect([spec.command, spec.args]).toEqual([
      ['echo', 'you'],
      ['$(WHO)', '$(NOBODY)'],
    ])
  })

  it('leaves the image’s command where the Pod names none', () => {
    expect(specOf({})).not.toHaveProperty('command')
    expect(specOf({ command: [], args: [] })).not.toHaveProperty('args')
  })

  it('makes requests a weight, and limits a limit', () => {
    const resources = { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '1500m', memory: '2Gi' } }
    expect(specOf({ resources }).resources).toEqual({ cpuShares: 512, cpuLimitMilli: 1500, memoryLimitBytes: 2 ** 31 })
    expect(specOf({ resources: { limits: { cpu: '2' } } }).resources).toEqual({ cpuShares: 2048, cpuLimitMilli: 2000 })
    expect(specOf({}).resources).toEqual({ cpuShares: 2 })
    expect(specOf({ resources: { requests: { cpu: '999' } } }).resources).toEqual({ cpuShares: 262_144 })
  })

  it('runs as the container says, then as the Pod says', () => {
    const pod = { securityContext: { runAsUser: 1, runAsGroup: 2, supplementalGroups: [7] } }
    expect(specOf({}, pod).securityContext).toMatchObject({ user: '1:2', supplementalGroups: [7] })
    expect(specOf({ securityContext: { runAsUser: 5 } }, pod).securityContext).toMatchObject({ user: '5:2' })
    expect(specOf({ securityContext: { runAsGroup: 3 } }, {}, 'app').securityContext).toMatchObject({ user: 'app:3' })
    expect(specOf({}).securityContext).not.toHaveProperty('user')
  })

  it.each([
    ['', undefined, 'container has runAsNonRoot and image will run as root (container: web)'],
    ['0:0', undefined, 'container has runAsNonRoot and image will run as root (container: web)'],
    ['app', undefined, 'image has non-numeric user (app), cannot verify user is non-root'],
    ['', 0, "container's runAsUser breaks non-root policy (container: web)"],
  ])('does not run as root where that is ruled out: image user %j, runAsUser %j', (user, runAsUser, message) => {
    const securityContext = { runAsNonRoot: true, ...(runAsUser === undefined ? {} : { runAsUser }) }
    expect(() => specOf({ securityContext }, {}, user)).toThrow(message)
  })

  it('runs as a user who is not root', () => {
    const securityContext = { runAsNonRoot: true }
    expect(() => specOf({ securityContext }, {}, '1000')).not.toThrow()
    expect(() => specOf({ securityContext: { ...securityContext, runAsUser: 9 } }, {}, '')).not.toThrow()
  })

  it('mounts the Pod’s volumes, and no others', () => {
    const volumeMounts = [{ name: 'v', mountPath: '/v', readOnly: true }]
    expect(specOf({ volumeMounts }, { volumes: [{ name: 'v', emptyDir: {} }] }).mounts).toEqual([
      { volume: 'v', mountPath: '/v', readOnly: true },
    ])
    expect(() => specOf({ volumeMounts })).toThrow('volume "v" not found')
    const settings = { name: 'v', configMap: { name: 'settings' } }
    const [mount] = specOf({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }, { volumes: [settings] }).mounts
    expect(mount?.readOnly).toBe(true)
  })
})

describe('sandboxSpec', () => {
  it('takes name, ports, hosts, DNS and volumes from the Pod', () => {
    const spec = sandboxSpec(
      assignedPod('a', {
        hostAliases: [{ ip: '192.0.2.1', hostnames: ['x', 'y'] }],
        dnsConfig: {
          nameservers: ['192.0.2.53'],
          searches: ['example'],
          options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
        },
        containers: [
          podContainer('web', {
            ports: [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' }, { containerPort: 81 }],
          }),
        ],
      }),
      [{ name: 'd', medium: 'disk' }],
    )
    expect(spec).toEqual({
      pod: { uid: 'uid-a', namespace: 'default', name: 'a' },
      hostname: 'a',
      dns: { servers: ['192.0.2.53'], searches: ['example'], options: ['ndots:2', 'edns0'] },
      hosts: [{ ip: '192.0.2.1', hostnames: ['x', 'y'] }],
      ports: [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' }],
      hostNetwork: false,
      volumes: [{ name: 'd', medium: 'disk' }],
    })
  })

  it('cuts a long name to what a hostname may have', () => {
    expect(sandboxSpec(assignedPod(`${'a'.repeat(62)}-b`)).hostname).toBe('a'.repeat(62))
    expect(sandboxSpec(assignedPod('a', { hostname: 'own' })).hostname).toBe('own')
  })
})
