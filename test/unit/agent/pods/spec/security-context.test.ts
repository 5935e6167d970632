import { describe, expect, it } from 'vitest'
import { securityContextOf } from '../../../../../agent/pods/spec/security-context.ts'
import type { PodSecurityContext, SecurityContext } from '../../../../../shared/api/generated/core-v1.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'

function securityOf(own: SecurityContext, shared: PodSecurityContext = {}, user = '') {
  const container = podContainer('web', { securityContext: own })
  const pod = assignedPod('a', { securityContext: shared, containers: [container] })
  return securityContextOf(pod, container, { user })
}

describe('securityContextOf', () => {
  it('runs as the container says, then as the Pod says, then as the image says', () => {
    const shared = { runAsUser: 1, runAsGroup: 2, supplementalGroups: [7] }
    expect(securityOf({}, shared)).toMatchObject({ user: '1:2', supplementalGroups: [7] })
    expect(securityOf({ runAsUser: 5 }, shared)).toMatchObject({ user: '5:2' })
    expect(securityOf({ runAsGroup: 3 }, {}, 'app')).toMatchObject({ user: 'app:3' })
    expect(securityOf({}, {}, 'app:adm')).toMatchObject({ user: 'app:adm' })
    expect(securityOf({})).not.toHaveProperty('user')
  })

  it('leaves the groups that the image names where the Pod is strict', () => {
    expect(securityOf({}, { supplementalGroupsPolicy: 'Strict' })).toMatchObject({ ignoresImageGroups: true })
    expect(securityOf({}, { supplementalGroupsPolicy: 'Merge' })).not.toHaveProperty('ignoresImageGroups')
  })

  it.each([
    ['', undefined, 'container has runAsNonRoot and image will run as root'],
    ['0:0', undefined, 'container has runAsNonRoot and image will run as root'],
    [
      'app',
      undefined,
      'container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root',
    ],
    ['', 0, "container's runAsUser breaks non-root policy"],
  ])('does not run as root where that is ruled out: image user %j, runAsUser %j', (user, runAsUser, why) => {
    const own = { runAsNonRoot: true, ...(runAsUser === undefined ? {} : { runAsUser }) }
    const message = `${why} (pod: "a_default(uid-a)", container: web)`
    expect(() => securityOf(own, {}, user)).toThrow(message)
    expect(() => securityOf({ ...own, runAsNonRoot: false }, { runAsNonRoot: true }, user)).not.toThrow()
  })

  it('runs as a user who is not root', () => {
    expect(() => securityOf({}, { runAsNonRoot: true }, '1000')).not.toThrow()
    expect(() => securityOf({ runAsNonRoot: true, runAsUser: 9 })).not.toThrow()
  })

  it('takes privileges from the container alone', () => {
    const own = {
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
    }
    expect(securityOf(own)).toEqual({
      supplementalGroups: [],
      addCapabilities: ['NET_ADMIN'],
      dropCapabilities: ['ALL'],
      noNewPrivileges: true,
      readOnlyRootFilesystem: true,
      privileged: false,
    })
    expect(securityOf({ privileged: true })).toMatchObject({ privileged: true, noNewPrivileges: false })
  })

  it('takes profiles and SELinux options of the container as a whole before those of the Pod', () => {
    const shared = {
      seccompProfile: { type: 'Localhost', localhostProfile: 'a.json' },
      appArmorProfile: { type: 'RuntimeDefault' },
      seLinuxOptions: { level: 's0:c1', role: 'r' },
    }
    expect(securityOf({}, shared)).toMatchObject({
      seccomp: { type: 'localhost', name: 'a.json' },
      appArmor: { type: 'runtimeDefault' },
      seLinux: { level: 's0:c1', role: 'r' },
    })
    const own = {
      seccompProfile: { type: 'Unconfined' },
      appArmorProfile: { type: 'Localhost', localhostProfile: 'web' },
      seLinuxOptions: { level: 's0:c2' },
    }
    const security = securityOf(own, shared)
    expect(security.seccomp).toEqual({ type: 'unconfined' })
    expect(security.appArmor).toEqual({ type: 'localhost', name: 'web' })
    expect(security.seLinux).toEqual({ level: 's0:c2' })
  })
})
