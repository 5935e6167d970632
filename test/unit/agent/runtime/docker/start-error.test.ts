import { describe, expect, it } from 'vitest'
import { startError } from '../../../../../agent/runtime/docker/start-error.ts'

const UNLOADED =
  'failed to create shim: OCI runtime create failed: runc create failed: unable to start container process: error during ' +
  'container init: unable to apply apparmor profile: apparmor failed to apply profile: ' +
  'write /proc/self/attr/apparmor/exec: no such file or directory: unknown'

describe('why a container could not be started', () => {
  it('names the AppArmor profile that is not loaded', () => {
    expect(startError(UNLOADED, ['no-new-privileges', 'apparmor=k8s-deny-write'])).toBe(
      'apparmor profile not found k8s-deny-write',
    )
  })

  it('is said in Docker’s words otherwise', () => {
    expect(startError(UNLOADED, null)).toBe(UNLOADED)
    const other = 'exec: "nothing": executable file not found in $PATH: unknown'
    expect(startError(other, ['apparmor=k8s-deny-write'])).toBe(other)
    const denied = UNLOADED.replace('no such file or directory', 'permission denied')
    expect(startError(denied, ['apparmor=k8s-deny-write'])).toBe(denied)
  })
})
