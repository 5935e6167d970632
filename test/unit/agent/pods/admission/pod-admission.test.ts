import { describe, expect, it } from 'vitest'
import { refusePod } from '../../../../../agent/pods/admission/pod-admission.ts'
import type { PodSpec } from '../../../../../shared/api/generated/core-v1.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'

const NOTHING = { allowedUnsafeSysctls: [], hasAppArmor: false, others: [] }
const withSysctl = (name: string, more: Partial<PodSpec> = {}) =>
  assignedPod('a', { ...more, securityContext: { sysctls: [{ name, value: '1' }] } })
const withPort = (name: string, hostPort: number, more: object = {}) =>
  assignedPod(name, { containers: [podContainer('web', { ports: [{ containerPort: 80, hostPort, ...more }] })] })

describe('refusePod', () => {
  it('takes a Pod that asks for nothing special', () => {
    expect(refusePod(assignedPod('a'), NOTHING)).toBeUndefined()
  })

  it('lets a Pod set safe kernel parameters, and others only where they are allowed', () => {
    expect(refusePod(withSysctl('net.ipv4.ip_local_port_range'), NOTHING)).toBeUndefined()
    expect(refusePod(withSysctl('kernel/shm_rmid_forced'), NOTHING)).toBeUndefined()
    expect(refusePod(withSysctl('kernel.msgmax'), NOTHING)).toEqual({
      reason: 'SysctlForbidden',
      message: 'forbidden sysctl: "kernel.msgmax" not allowlisted',
    })
    const allowed = { ...NOTHING, allowedUnsafeSysctls: ['kernel.msg*', 'net.core.somaxconn'] }
    expect(refusePod(withSysctl('kernel.msgmax'), allowed)).toBeUndefined()
    expect(refusePod(withSysctl('net.core.somaxconn'), allowed)).toBeUndefined()
    expect(refusePod(withSysctl('net.core.somaxconns'), allowed)?.reason).toBe('SysctlForbidden')
  })

  it('lets no Pod set the machine’s own parameters through its namespaces', () => {
    const net = withSysctl('net.ipv4.tcp_syncookies', { hostNetwork: true })
    expect(refusePod(net, NOTHING)?.message).toMatch(/not allowed with host net enabled$/)
    const ipc = withSysctl('kernel.shm_rmid_forced', { hostIPC: true })
    expect(refusePod(ipc, NOTHING)?.message).toMatch(/not allowed with host ipc enabled$/)
  })

  it('refuses a Pod that wants AppArmor where there is none', () => {
    const profile = (type: string) => ({ securityContext: { appArmorProfile: { type } } })
    const own = (type: string) => assignedPod('a', { containers: [podContainer('web', profile(type))] })
    const refusal = {
      reason: 'AppArmor',
      message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host',
    }
    expect(refusePod(own('RuntimeDefault'), NOTHING)).toEqual(refusal)
    expect(refusePod(assignedPod('a', profile('RuntimeDefault')), NOTHING)).toEqual(refusal)
    expect(refusePod(own('Unconfined'), NOTHING)).toBeUndefined()
    expect(refusePod(own('RuntimeDefault'), { ...NOTHING, hasAppArmor: true })).toBeUndefined()
    expect(refusePod(own('RuntimeDefault'), { ...NOTHING, hasAppArmor: undefined })).toBeUndefined()
  })

  it('refuses a Pod whose port of the machine another Pod has', () => {
    const facts = { ...NOTHING, others: [withPort('b', 8080)] }
    expect(refusePod(withPort('a', 8080), facts)).toEqual({
      reason: 'NodePorts',
      message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    })
    expect(refusePod(withPort('a', 8081), facts)).toBeUndefined()
    expect(refusePod(withPort('a', 8080, { protocol: 'UDP' }), facts)).toBeUndefined()
    expect(refusePod(withPort('a', 8080, { hostIP: '127.0.0.1' }), facts)?.reason).toBe('NodePorts')
    const onlyThere = { ...NOTHING, others: [withPort('b', 8080, { hostIP: '192.0.2.1' })] }
    expect(refusePod(withPort('a', 8080, { hostIP: '127.0.0.1' }), onlyThere)).toBeUndefined()
  })
})
