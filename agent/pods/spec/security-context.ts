import type { Container, Pod, PodSecurityContext } from '../../../shared/api/generated/core-v1.ts'
import type { ContainerSpec, ImageState } from '../../runtime/runtime.ts'
import { ContainerConfigError } from './container-config-error.ts'

/** The container's own settings over the Pod's. Throws ContainerConfigError where runAsNonRoot would be broken. */
export function securityContextOf(
  pod: Pod,
  container: Container,
  image: Pick<ImageState, 'user'>,
): NonNullable<ContainerSpec['securityContext']> {
  const own = container.securityContext
  const shared = pod.spec?.securityContext
  const uid = own?.runAsUser ?? shared?.runAsUser
  const gid = own?.runAsGroup ?? shared?.runAsGroup
  if (own?.runAsNonRoot ?? shared?.runAsNonRoot) refuseRoot(uid, image.user, container.name)
  const seccomp = own?.seccompProfile ?? shared?.seccompProfile
  return {
    ...userOf(uid, gid, image.user),
    supplementalGroups: groupsOf(shared),
    readOnlyRootFilesystem: own?.readOnlyRootFilesystem ?? false,
    privileged: own?.privileged ?? false,
    addCapabilities: own?.capabilities?.add ?? [],
    dropCapabilities: own?.capabilities?.drop ?? [],
    noNewPrivileges: own?.allowPrivilegeEscalation === false,
    seccompUnconfined: seccomp?.type === 'Unconfined',
  }
}

/** Who may read the Pod's volumes is in their group. */
function groupsOf({ supplementalGroups = [], fsGroup }: PodSecurityContext = {}): number[] {
  return fsGroup === undefined ? supplementalGroups : [...new Set([...supplementalGroups, fsGroup])]
}

function userOf(uid: number | undefined, gid: number | undefined, imageUser: string): { user?: string } {
  const user = uid === undefined ? imageUser.split(':')[0] || '0' : String(uid)
  if (gid !== undefined) return { user: `${user}:${gid}` }
  return uid === undefined ? {} : { user }
}

function refuseRoot(uid: number | undefined, imageUser: string, name: string): void {
  if (uid === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy (container: ${name})`)
  if (uid !== undefined) return
  const user = imageUser.split(':')[0] ?? ''
  if (user === '' || user === '0') {
    throw new ContainerConfigError(`container has runAsNonRoot and image will run as root (container: ${name})`)
  }
  if (!/^\d+$/.test(user)) {
    const why = `image has non-numeric user (${user}), cannot verify user is non-root`
    throw new ContainerConfigError(`container has runAsNonRoot and ${why} (container: ${name})`)
  }
}
