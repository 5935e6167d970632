import { describe, expect, it } from 'vitest'
import type { Container, PodSpec } from '../../../../shared/api/generated/core-v1.ts'
import { DEPLOYMENTS, PODS, type Pod } from '../../../../shared/api/kinds.ts'
import { testPod, testRegistry } from '../../../support/test-registry.ts'

async function warningsOf(pod: Pod): Promise<string[]> {
  const { registry } = await testRegistry()
  const warnings: string[] = []
  await registry.create(PODS, pod, { namespace: 'default', dryRun: true, warn: (message) => warnings.push(message) })
  return warnings
}

const withSpec = (spec: Partial<PodSpec>) => warningsOf(testPod('a', { spec: { ...testPod('a').spec, ...spec } }))
const withContainer = (more: Partial<Container>) =>
  withSpec({ containers: [{ name: 'main', image: 'busybox:1', ...more }] })

describe('whoever creates a Pod is warned', () => {
  it('of variables that hide another', async () => {
    const env = [
      { name: 'PATH', value: '/bin' },
      { name: 'PATH', value: '$(PATH):/more' },
      { name: 'PATH', value: '/other' },
      { name: 'PATH', value: '$(PATH)' },
    ]
    const why = 'hides previous definition of "PATH", which may be dropped when using apply'
    expect(await withContainer({ env })).toEqual([
      `spec.containers[0].env[2]: ${why}`,
      `spec.containers[0].env[3]: ${why}`,
    ])
  })

  it('of parts of bytes', async () => {
    expect(await withContainer({ resources: { requests: { memory: '100m' }, limits: { memory: '1Gi' } } })).toEqual([
      'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
    ])
  })

  it('of ports that say the same or contradict each other', async () => {
    const ports = [
      { containerPort: 80 },
      { containerPort: 80 },
      { containerPort: 80, hostPort: 8080 },
      { containerPort: 81, hostIP: '127.0.0.1' },
      { containerPort: 82, hostPort: 8082 },
      { containerPort: 82, hostPort: 8082, hostIP: '127.0.0.1' },
    ]
    expect(await withContainer({ ports })).toEqual([
      'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
      'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]',
      'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]',
      'spec.containers[0].ports[3]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:81 Protocol:TCP HostIP:127.0.0.1}',
      'spec.containers[0].ports[5]: dangerously ambiguous port definition with spec.containers[0].ports[4]',
    ])
  })

  it('of selectors that match nothing, and of labels with another name by now', async () => {
    const spec: Partial<PodSpec> = {
      nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'beta.kubernetes.io/arch', operator: 'Exists' }] }],
          },
        },
        podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] },
      },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
    }
    const rules = 'requiredDuringSchedulingIgnoredDuringExecution'
    const none = 'a null labelSelector results in matching no pod'
    expect(await withSpec(spec)).toEqual([
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
      `spec.affinity.nodeAffinity.${rules}.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead`,
      `spec.affinity.podAntiAffinity.${rules}[0].labelSelector: ${none}`,
      `spec.topologySpreadConstraints[0].labelSelector: ${none}`,
    ])
  })

  it('of what is there twice or is no number of seconds', async () => {
    const spec: Partial<PodSpec> = {
      hostAliases: [{ ip: '1.2.3.4' }, { ip: '1.2.3.4' }],
      imagePullSecrets: [{ name: 'a' }, { name: 'a' }, {}],
      terminationGracePeriodSeconds: -5,
    }
    expect(await withSpec(spec)).toEqual([
      'spec.hostAliases[1].ip: duplicate ip "1.2.3.4"',
      'spec.imagePullSecrets[1].name: duplicate name "a"',
      'spec.imagePullSecrets[2].name: invalid empty name ""',
      'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    ])
  })

  it('of annotations that fields have taken the place of, and of what a claim asks for', async () => {
    const requests = { storage: '1500m' }
    const ephemeral = { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests } } } }
    const annotations = {
      'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default',
      'container.seccomp.security.alpha.kubernetes.io/main': 'unconfined',
    }
    const spec = { ...testPod('a').spec, volumes: [{ name: 'v', ephemeral }] }
    const why = 'non-functional in v1.27+; use the "seccompProfile" field instead'
    expect(await warningsOf({ metadata: { name: 'a', annotations }, spec })).toEqual([
      `metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: ${why}`,
      `metadata.annotations[container.seccomp.security.alpha.kubernetes.io/main]: ${why}`,
      'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ])
  })

  it('of a name that is no hostname', async () => {
    const why =
      /^metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label/
    expect(await warningsOf(testPod('a.b'))).toEqual([expect.stringMatching(why)])
  })
})

it('a template is warned of with its path, and with what its name becomes', async () => {
  const { registry } = await testRegistry()
  const warnings: string[] = []
  const labels = { app: 'a' }
  const spec = { ...testPod('a').spec, imagePullSecrets: [{}] }
  const deployment = {
    metadata: { name: 'a.b' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  }
  await registry.create(DEPLOYMENTS, deployment, { namespace: 'default', warn: (message) => warnings.push(message) })
  expect(warnings).toEqual([
    expect.stringMatching(/^metadata.name: this is used in Pod names and hostnames, which can result/),
    'spec.template.spec.imagePullSecrets[0].name: invalid empty name ""',
  ])
})
