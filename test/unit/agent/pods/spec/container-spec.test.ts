import { describe, expect, it } from 'vitest'
import { containerSpec } from '../../../../../agent/pods/spec/container-spec.ts'
import { sandboxSpec } from '../../../../../agent/pods/spec/sandbox-spec.ts'
import type { Container, PodSpec } from '../../../../../shared/api/generated/core-v1.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'

const image = { id: 'sha256:1', references: [], digests: [], sizeBytes: 1, architecture: 'amd64', user: 'app' }

const ANNOTATIONS: Record<string, Record<string, string>> = {
  'of-shared': { 'pv.beta.kubernetes.io/gid': '1234' },
  'of-odd': { 'pv.beta.kubernetes.io/gid': 'staff' },
}

function specOf(container: Partial<Container>, pod: Partial<Omit<PodSpec, 'containers'>> = {}, user = '') {
  const full = podContainer('web', container)
  const sources = {
    pod: assignedPod('a', { ...pod, containers: [full] }),
    podIP: '10.0.0.7',
    hostIPs: [],
    allocatable: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' },
    configMap: () => undefined,
    secret: () => ({ metadata: {}, data: { pass: Buffer.from('w0rd').toString('base64') } }),
    services: () => [],
    claim: (name: string) => ({ metadata: {}, spec: { volumeName: `of-${name}` } }),
    volume: (name: string) => ({ metadata: { annotations: ANNOTATIONS[name] ?? {} }, spec: {} }),
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

  it('is in the groups that its volumes ask for', () => {
    const volumes = ['shared', 'odd', 'plain'].map((claimName) => ({
      name: claimName,
      persistentVolumeClaim: { claimName },
    }))
    const securityContext = { supplementalGroups: [7], fsGroup: 8 }
    expect(specOf({}, { volumes, securityContext }).securityContext?.supplementalGroups).toEqual([7, 8, 1234])
    expect(specOf({}, {}).securityContext?.supplementalGroups).toEqual([])
  })

  it('keeps what holds something of a Secret apart', () => {
    const pass = { name: 'PASS', valueFrom: { secretKeyRef: { name: 'sec', key: 'pass' } } }
    const env = [{ name: 'WHO', value: 'you' }, pass]
    const spec = specOf({ env, args: ['$(WHO)', '--password=$(PASS)'] })
    expect(spec).toMatchObject({ env: [env[0]], secretEnv: [{ name: 'PASS', value: 'w0rd' }], hasSecretCommand: true })
    expect(spec.args).toEqual(['you', '--password=w0rd'])
    expect(specOf({ env, args: ['$(WHO)'] })).not.toHaveProperty('hasSecretCommand')
    expect(specOf({ env: [{ name: 'WHO', value: 'you' }], args: ['$(PASS)'] })).not.toHaveProperty('secretEnv')
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
    const dns = { servers: ['192.0.2.53'], searches: ['example'], options: ['ndots:2', 'edns0'] }
    const spec = sandboxSpec(
      assignedPod('a', {
        hostAliases: [{ ip: '192.0.2.1', hostnames: ['x', 'y'] }],
        hostIPC: true,
        securityContext: { sysctls: [{ name: 'net/ipv4/ip_local_port_range', value: '1024 2048' }] },
        containers: [
          podContainer('web', {
            ports: [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' }, { containerPort: 81 }],
          }),
        ],
      }),
      [{ name: 'd', medium: 'disk' }],
      dns,
    )
    expect(spec).toEqual({
      pod: { uid: 'uid-a', namespace: 'default', name: 'a' },
      hostname: 'a',
      dns,
      hosts: [{ ip: '192.0.2.1', hostnames: ['x', 'y'] }],
      ports: [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' }],
      hostNetwork: false,
      namespaces: { processes: 'container', ipc: 'node', hostname: 'pod' },
      privileged: false,
      sysctls: { 'net.ipv4.ip_local_port_range': '1024 2048' },
      hasSecrets: false,
      volumes: [{ name: 'd', medium: 'disk' }],
    })
  })

  it('knows whether containers are to have Secrets in their environment', () => {
    const hasSecrets = (more: Partial<Container>, isInit = false) => {
      const [container, plain] = [podContainer('web', more), podContainer('plain')]
      const containers = { containers: isInit ? [plain] : [plain, container] }
      return sandboxSpec(assignedPod('a', { ...containers, ...(isInit ? { initContainers: [container] } : {}) }))
        .hasSecrets
    }
    const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } }]
    expect([hasSecrets({ env }), hasSecrets({ env }, true)]).toEqual([true, true])
    expect(hasSecrets({ envFrom: [{ secretRef: { name: 's' } }] })).toBe(true)
    expect(hasSecrets({ env: [{ name: 'A', value: 'b' }], envFrom: [{ configMapRef: { name: 'c' } }] })).toBe(false)
  })
})
