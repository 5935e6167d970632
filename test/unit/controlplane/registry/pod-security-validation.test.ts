import { describe, expect, it } from 'vitest'
import type { Container, PodSpec } from '../../../../shared/api/generated/core-v1.ts'
import { PODS, type Pod } from '../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../shared/api/object.ts'
import { testPod, testRegistry } from '../../../support/test-registry.ts'

const ANNOTATION = 'container.apparmor.security.beta.kubernetes.io'
const spec = (more: Partial<PodSpec>, container: Partial<Container> = {}): PodSpec => ({
  containers: [{ name: 'main', image: 'busybox:1', ...container }],
  ...more,
})

async function refusals(podSpec: PodSpec, annotations: Record<string, string> = {}): Promise<string[]> {
  return (await testRegistry()).refusals(PODS, testPod('a', { metadata: { annotations }, spec: podSpec }))
}

describe('validation of a Pod’s security', () => {
  const cases: Record<string, [spec: PodSpec, ...causes: string[]]> = {
    'users and groups': [
      spec(
        { securityContext: { runAsUser: -1, runAsGroup: 2 ** 31, supplementalGroups: [1, -2] } },
        { securityContext: { runAsUser: -4 } },
      ),
      'spec.containers[0].securityContext.runAsUser: Invalid value: -4: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.runAsGroup: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive',
      'spec.securityContext.supplementalGroups[1]: Invalid value: -2: must be between 0 and 2147483647, inclusive',
    ],
    'seccomp profiles': [
      spec(
        { securityContext: { seccompProfile: { type: 'Localhost' } } },
        { securityContext: { seccompProfile: { type: 'Unconfined', localhostProfile: 'x' } } },
      ),
      'spec.containers[0].securityContext.seccompProfile.localhostProfile: Invalid value: ' +
        '{"type":"Unconfined","localhostProfile":"x"}: can only be set when seccomp type is Localhost',
      'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ],
    'paths of seccomp profiles': [
      spec({ securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: '/a/../b' } } }),
      'spec.securityContext.seccompProfile.localhostProfile: Invalid value: "/a/../b": must be a relative path',
      'spec.securityContext.seccompProfile.localhostProfile: Invalid value: "/a/../b": must not contain \'..\'',
    ],
    'types of profiles': [
      spec(
        { securityContext: { seccompProfile: { type: '' } } },
        { securityContext: { appArmorProfile: { type: 'Default' }, seccompProfile: { type: 'Default' } } },
      ),
      'spec.containers[0].securityContext.seccompProfile.type: Unsupported value: "Default": ' +
        'supported values: "Localhost", "RuntimeDefault", "Unconfined"',
      'spec.containers[0].securityContext.appArmorProfile.type: Unsupported value: "Default": ' +
        'supported values: "Localhost", "RuntimeDefault", "Unconfined"',
      'spec.securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set',
    ],
    'AppArmor profiles': [
      spec(
        { securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: ' x' } } },
        { securityContext: { appArmorProfile: { type: 'RuntimeDefault', localhostProfile: 'x' } } },
      ),
      'spec.containers[0].securityContext.appArmorProfile.localhostProfile: Invalid value: "x": ' +
        'can only be set when AppArmor type is Localhost',
      'spec.securityContext.appArmorProfile.localhostProfile: Invalid value: " x": must not be padded with whitespace',
    ],
    'privileges that exclude each other': [
      spec(
        {},
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            privileged: true,
            capabilities: { add: ['CAP_SYS_ADMIN'] },
          },
        },
      ),
      expect.stringMatching(/: cannot set `allowPrivilegeEscalation` to false and `privileged` to true$/) as never,
      expect.stringMatching(/ to false and `capabilities.Add` CAP_SYS_ADMIN$/) as never,
    ],
    'kernel parameters': [
      spec({
        hostNetwork: true,
        securityContext: {
          sysctls: [
            { name: '', value: '1' },
            { name: 'Kernel', value: '1' },
            { name: 'kernel.sem', value: '1' },
            { name: 'kernel.sem', value: '1' },
            { name: 'net/ipv4/tcp_rmem', value: '1' },
          ],
        },
      }),
      'spec.securityContext.sysctls[0].name: Required value',
      'spec.securityContext.sysctls[1].name: Invalid value: "Kernel": must have at most 253 characters and match regex ' +
        '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
      'spec.securityContext.sysctls[3].name: Duplicate value: "kernel.sem"',
      'spec.securityContext.sysctls[4].name: Invalid value: "net/ipv4/tcp_rmem": may not be specified when \'hostNetwork\' is true',
    ],
    'namespaces that exclude each other': [
      spec({ hostPID: true, shareProcessNamespace: true }),
      'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
    ],
    'policies and /proc': [
      spec({ securityContext: { fsGroupChangePolicy: 'Never' } }, { securityContext: { procMount: 'Unmasked' } }),
      'spec.containers[0].securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
      'spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never": supported values: "Always", "OnRootMismatch"',
      'spec.containers[0].securityContext.procMount: Forbidden: Docker has one user namespace for all its containers',
    ],
    DNS: [
      spec({
        dnsConfig: {
          nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', 'x'],
          searches: ['_tcp.a.example.', '.', 'A'],
          options: [{ value: 'x' }],
        },
      }),
      'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","x"]: must not have more than 3 nameservers',
      'spec.dnsConfig.nameservers[3]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      expect.stringMatching(
        /^spec.dnsConfig.searches\[2\]: Invalid value: "A": a lowercase RFC 1123 subdomain/,
      ) as never,
      'spec.dnsConfig.options[0]: Required value: must not be empty',
    ],
    'DNS without servers': [
      spec({ dnsPolicy: 'None' }),
      'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
    ],
    'an override of the hostname': [
      spec({ hostnameOverride: 'A', hostNetwork: true, setHostnameAsFQDN: true }),
      expect.stringMatching(/^spec.hostnameOverride: Invalid value: "A": a lowercase RFC 1123 subdomain/) as never,
      'spec.hostNetwork: Forbidden: may not be true when `hostnameOverride` is specified',
      'spec.setHostnameAsFQDN: Forbidden: may not be true when `hostnameOverride` is specified',
    ],
  }
  it.each(Object.entries(cases))('says what is wrong with %s', async (_name, [podSpec, ...causes]) => {
    expect(await refusals(podSpec)).toEqual(causes)
  })

  it('accepts what is right', async () => {
    const security = {
      runAsUser: 0,
      seccompProfile: { type: 'Localhost', localhostProfile: 'a/b.json' },
      appArmorProfile: { type: 'Localhost', localhostProfile: 'web' },
      seLinuxOptions: { level: 's0:c1' },
    }
    const sysctls = [{ name: 'kernel.shm_rmid_forced', value: '1' }]
    const podSpec = spec({ hostPID: true, hostIPC: false, securityContext: { ...security, sysctls } })
    expect(await refusals(podSpec)).toEqual([])
    expect(await refusals(spec({ shareProcessNamespace: true, setHostnameAsFQDN: true, hostname: 'x' }))).toEqual([])
  })
})

describe('the annotations for AppArmor', () => {
  const annotated = (annotations: Record<string, string>, more: Partial<Container> = {}): Pod =>
    testPod('a', { metadata: { annotations }, spec: spec({}, more) })

  it('fill the field that took their place, where it is empty', async () => {
    const { create } = await testRegistry()
    const key = `${ANNOTATION}/main`
    const pod = await create(PODS, annotated({ [key]: 'localhost/web' }))
    expect(pod.spec.containers[0]?.securityContext).toEqual({
      appArmorProfile: { type: 'Localhost', localhostProfile: 'web' },
    })
  })

  it('are accepted with a warning', async () => {
    const { registry } = await testRegistry()
    const warnings: string[] = []
    const pod = annotated({ [`${ANNOTATION}/main`]: 'runtime/default' })
    await registry.create(PODS, pod, { namespace: 'default', warn: (message) => warnings.push(message) })
    const why = 'deprecated since v1.30; use the "appArmorProfile" field instead'
    expect(warnings).toEqual([`metadata.annotations[${ANNOTATION}/main]: ${why}`])
  })

  it('must name a container and a profile, and agree with the field', async () => {
    const key = `${ANNOTATION}/main`
    const path = `metadata.annotations[${key}]`
    expect(await refusals(spec({}), { [`${ANNOTATION}/other`]: 'unconfined' })).toEqual([
      `metadata.annotations[${ANNOTATION}/other]: Invalid value: "other": container not found`,
    ])
    expect(await refusals(spec({}), { [key]: 'mine' })).toEqual([
      `${path}: Invalid value: "mine": invalid AppArmor profile name: "mine"`,
    ])
    const field = spec({}, { securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'x' } } })
    expect(await refusals(field, { [key]: 'unconfined' })).toEqual([
      'spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match',
    ])
    expect(await refusals(field, { [key]: 'localhost/y' })).toEqual([
      'spec.containers[0].securityContext.appArmorProfile.localhostProfile: Forbidden: ' +
        'apparmor profile in annotation and field must match',
    ])
  })

  it('stay as they are', async () => {
    const { create, registry } = await testRegistry()
    await create(PODS, annotated({ [`${ANNOTATION}/main`]: 'unconfined' }))
    const key = { namespace: 'default', name: 'a' }
    const change = (pod: KubeObject) => ({ ...pod, metadata: { ...pod.metadata, annotations: {} } })
    await expect(registry.update(PODS, key, change, {})).rejects.toThrow(
      'may not remove or update AppArmor annotations',
    )
  })
})
