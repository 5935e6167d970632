import type { Container, Pod, PodSpec, Volume } from '../../../shared/api/generated/core-v1.ts'

/** A field that this version does not honour. A Pod that asks for one is not run, rather than run differently. */
export interface UnsupportedField {
  /** Such as `spec.volumes[0].hostPath`. */
  field: string
  /** About the Pod's volumes: Kubernetes says so with `FailedMount`. */
  isVolume: boolean
}

type Check<T> = readonly [field: string, isAskedFor: (value: T) => boolean]

/** Ways of asking for nothing: absent, null, false, empty. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false
  if (Array.isArray(value)) return value.length > 0
  return typeof value !== 'object' || Object.keys(value).length > 0
}

const POD_CHECKS: readonly Check<PodSpec>[] = [
  ['hostPID', ({ hostPID }) => isSet(hostPID)],
  ['hostIPC', ({ hostIPC }) => isSet(hostIPC)],
  ['shareProcessNamespace', ({ shareProcessNamespace }) => isSet(shareProcessNamespace)],
  ['runtimeClassName', ({ runtimeClassName }) => isSet(runtimeClassName)],
  ['ephemeralContainers', ({ ephemeralContainers }) => isSet(ephemeralContainers)],
  ['resourceClaims', ({ resourceClaims }) => isSet(resourceClaims)],
  ['resources', ({ resources }) => isSet(resources?.limits) || isSet(resources?.requests)],
  ['hostUsers', ({ hostUsers }) => hostUsers === false],
  ['os.name', ({ os }) => os !== undefined && os.name !== 'linux'],
  ['setHostnameAsFQDN', ({ setHostnameAsFQDN }) => isSet(setHostnameAsFQDN)],
  ['hostnameOverride', ({ hostnameOverride }) => isSet(hostnameOverride)],
  ['securityContext.seLinuxOptions', ({ securityContext }) => isSet(securityContext?.seLinuxOptions)],
  ['securityContext.fsGroup', ({ securityContext }) => securityContext?.fsGroup !== undefined],
  ['securityContext.sysctls', ({ securityContext }) => isSet(securityContext?.sysctls)],
  ['securityContext.windowsOptions', ({ securityContext }) => isSet(securityContext?.windowsOptions)],
  ['securityContext.appArmorProfile', ({ securityContext }) => isSet(securityContext?.appArmorProfile)],
  [
    'securityContext.supplementalGroupsPolicy',
    ({ securityContext }) => securityContext?.supplementalGroupsPolicy === 'Strict',
  ],
  ['securityContext.seccompProfile', ({ securityContext }) => securityContext?.seccompProfile?.type === 'Localhost'],
]

const CONTAINER_CHECKS: readonly Check<Container>[] = [
  ['lifecycle.postStart', ({ lifecycle }) => isSet(lifecycle?.postStart)],
  ['lifecycle.preStop', ({ lifecycle }) => isSet(lifecycle?.preStop)],
  ['volumeDevices', ({ volumeDevices }) => isSet(volumeDevices)],
  ['restartPolicy', ({ restartPolicy }) => isSet(restartPolicy)],
  ['restartPolicyRules', ({ restartPolicyRules }) => isSet(restartPolicyRules)],
  ['resources.claims', ({ resources }) => isSet(resources?.claims)],
  ['resources.limits', ({ resources }) => Object.keys(resources?.limits ?? {}).some((name) => !isLimited(name))],
  ['securityContext.seLinuxOptions', ({ securityContext }) => isSet(securityContext?.seLinuxOptions)],
  ['securityContext.windowsOptions', ({ securityContext }) => isSet(securityContext?.windowsOptions)],
  ['securityContext.appArmorProfile', ({ securityContext }) => isSet(securityContext?.appArmorProfile)],
  ['securityContext.procMount', ({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default'],
  ['securityContext.seccompProfile', ({ securityContext }) => securityContext?.seccompProfile?.type === 'Localhost'],
  ['livenessProbe.grpc', ({ livenessProbe }) => livenessProbe?.grpc !== undefined],
  ['readinessProbe.grpc', ({ readinessProbe }) => readinessProbe?.grpc !== undefined],
  ['startupProbe.grpc', ({ startupProbe }) => startupProbe?.grpc !== undefined],
  ['env.valueFrom.fileKeyRef', ({ env }) => env?.some(({ valueFrom }) => valueFrom?.fileKeyRef) ?? false],
]

/** All that the Pod asks for in vain, in the order of its spec. */
export function unsupportedFields(pod: Pod): UnsupportedField[] {
  const spec = pod.spec ?? { containers: [] }
  const plain = [
    ...failing(POD_CHECKS, spec, 'spec'),
    ...(spec.initContainers ?? []).flatMap((container, i) => inContainer(container, `spec.initContainers[${i}]`)),
    ...spec.containers.flatMap((container, i) => inContainer(container, `spec.containers[${i}]`)),
  ]
  return [
    ...(spec.volumes ?? []).flatMap(inVolume).map((field) => ({ field, isVolume: true })),
    ...plain.map((field) => ({ field, isVolume: false })),
  ]
}

export function unsupportedMessage(fields: readonly UnsupportedField[]): string {
  return fields.map(({ field }) => `${field} is not supported by this version`).join('; ')
}

function inVolume({ name: _, ...sources }: Volume, index: number): string[] {
  const source = Object.entries(sources).find(([, value]) => value !== undefined)?.[0] ?? 'emptyDir'
  if (source !== 'emptyDir') return [`spec.volumes[${index}].${source}`]
  const medium = sources.emptyDir?.medium ?? ''
  return medium === '' || medium === 'Memory' ? [] : [`spec.volumes[${index}].emptyDir.medium`]
}

function inContainer(container: Container, path: string): string[] {
  const mounts = (container.volumeMounts ?? []).flatMap((mount, i) => {
    const at = `${path}.volumeMounts[${i}]`
    return [
      ...(mount.subPath ? [`${at}.subPath`] : []),
      ...(mount.subPathExpr ? [`${at}.subPathExpr`] : []),
      ...((mount.mountPropagation ?? 'None') === 'None' ? [] : [`${at}.mountPropagation`]),
      ...((mount.recursiveReadOnly ?? 'Disabled') === 'Enabled' ? [`${at}.recursiveReadOnly`] : []),
    ]
  })
  return [...failing(CONTAINER_CHECKS, container, path), ...mounts]
}

function failing<T>(checks: readonly Check<T>[], value: T, path: string): string[] {
  return checks.filter(([, isAskedFor]) => isAskedFor(value)).map(([field]) => `${path}.${field}`)
}

function isLimited(resource: string): boolean {
  return resource === 'cpu' || resource === 'memory'
}
