import type { Container, Pod, PodSecurityContext, SecurityContext } from '../../../shared/api/generated/core-v1.ts'
import type { ContainerSecurity, ImageState, SecurityProfile } from '../../runtime/runtime.ts'
import { ContainerConfigError } from './container-config-error.ts'
import { podInWords } from './pod-identity.ts'

/** The container's own settings over the Pod's; `groups` are those of its volumes. Throws ContainerConfigError where runAsNonRoot would be broken. */
export function securityContextOf(
  pod: Pod,
  container: Container,
  image: Pick<ImageState, 'user'>,
  groups: readonly number[] = [],
): ContainerSecurity {
  const own = container.securityContext ?? {}
  const shared = pod.spec?.securityContext ?? {}
  const uid = own.runAsUser ?? shared.runAsUser
  const gid = own.runAsGroup ?? shared.runAsGroup
  if (own.runAsNonRoot ?? shared.runAsNonRoot) refuseRoot(uid, image.user, container.name, pod)
  const seccomp = profileOf(own.seccompProfile ?? shared.seccompProfile)
  const appArmor = profileOf(own.appArmorProfile ?? shared.appArmorProfile)
  const seLinux = own.seLinuxOptions ?? shared.seLinuxOptions
  return {
    ...userOf(uid, gid, image.user),
    supplementalGroups: groupsOf(shared, groups),
    ...(shared.supplementalGroupsPolicy === 'Strict' ? { ignoresImageGroups: true } : {}),
    ...privilegesOf(own),
    ...(seccomp ? { seccomp } : {}),
    ...(appArmor ? { appArmor } : {}),
    ...(seLinux ? { seLinux } : {}),
  }
}

/** What only a container may ask for, not its Pod. */
function privilegesOf(own: SecurityContext) {
  return {
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    privileged: own.privileged ?? false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    noNewPrivileges: own.allowPrivilegeEscalation === false,
  }
}

/** Who may read the Pod's volumes is in their group. */
function groupsOf({ supplementalGroups = [], fsGroup }: PodSecurityContext, groups: readonly number[]): number[] {
  return [...new Set([...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup]), ...groups])]
}

function userOf(uid: number | undefined, gid: number | undefined, imageUser: string): { user?: string } {
  const user = uid === undefined ? imageUser.split(':')[0] || '0' : String(uid)
  if (gid !== undefined) return { user: `${user}:${gid}` }
  return uid === undefined && imageUser === '' ? {} : { user: uid === undefined ? imageUser : user }
}

function refuseRoot(uid: number | undefined, imageUser: string, name: string, pod: Pod): void {
  const who = `(pod: "${podInWords(pod)}", container: ${name})`
  if (uid === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${who}`)
  if (uid !== undefined) return
  const user = imageUser.split(':')[0] ?? ''
  if (user === '' || user === '0') {
    throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${who}`)
  }
  if (!/^\d+$/.test(user)) {
    const why = `image has non-numeric user (${user}), cannot verify user is non-root`
    throw new ContainerConfigError(`container has runAsNonRoot and ${why} ${who}`)
  }
}

/** Of seccomp or AppArmor: both are asked for in the same way. */
function profileOf(asked: { type: string; localhostProfile?: string } | undefined): SecurityProfile | undefined {
  switch (asked?.type) {
    case 'Unconfined':
      return { type: 'unconfined' }
    case 'RuntimeDefault':
      return { type: 'runtimeDefault' }
    case 'Localhost':
      return { type: 'localhost', name: asked.localhostProfile ?? '' }
    default:
      return undefined
  }
}
