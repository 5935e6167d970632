import { describe, expect, it } from 'vitest'
import { type AdmissionFacts, admitPod } from '../../../../../agent/pods/admission/pod-admission.ts'
import type { Pod, PodSpec } from '../../../../../shared/api/generated/core-v1.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'

const NOTHING = {
  ...{ allowedUnsafeSysctls: [], hasAppArmor: false, others: [], holders: [], pressure: [], node: undefined },
  allocatable: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '10Gi', pods: '3', 'example.com/dongle': '1' },
}
const asking = (name: string, requests: Record<string, string>, more: Partial<PodSpec> = {}) =>
  assignedPod(name, { ...more, containers: [podContainer('web', { resources: { requests } })] })
const withSysctl = (name: string, more: Partial<PodSpec> = {}) =>
  assignedPod('a', { ...more, securityContext: { sysctls: [{ name, value: '1' }] } })
const withPort = (name: string, hostPort: number, more: object = {}) =>
  assignedPod(name, { containers: [podContainer('web', { ports: [{ containerPort: 80, hostPort, ...more }] })] })

/** Why it is not taken. */
const refusePod = (pod: Pod, facts: AdmissionFacts) => {
  const admission = admitPod(pod, facts)
  return admission.taken ? undefined : admission.refusal
}

describe('admitPod', () => {
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

  it('refuses a Pod that asks for more than the others leave', () => {
    const holders = [asking('b', { cpu: '1500m', memory: '512Mi' }), asking('c', { 'example.com/dongle': '1' })]
    const facts = { ...NOTHING, holders }
    const out = (requests: Record<string, string>) => refusePod(asking('a', requests), facts)
    expect(out({ cpu: '500m', memory: '512Mi', 'ephemeral-storage': '10Gi' })).toBeUndefined()
    expect(out({ cpu: '501m' })).toEqual({
      reason: 'OutOfcpu',
      message: "Node didn't have enough resource: cpu, requested: 501, used: 1500, capacity: 2000",
    })
    expect(out({ memory: '600Mi' })).toEqual({
      reason: 'OutOfmemory',
      message: "Node didn't have enough resource: memory, requested: 629145600, used: 536870912, capacity: 1073741824",
    })
    expect(out({ 'ephemeral-storage': '11Gi' })?.reason).toBe('OutOfephemeral-storage')
    expect(out({ 'example.com/dongle': '1' })?.message).toBe(
      "Node didn't have enough resource: example.com/dongle, requested: 1, used: 1, capacity: 1",
    )
    expect(refusePod(assignedPod('a'), { ...facts, holders: [...holders, assignedPod('d')] })).toEqual({
      reason: 'OutOfpods',
      message: "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
    })
  })

  it('refuses no Pod for what the node does not say that it has, nor one that asks for nothing of what is short', () => {
    const requests = { cpu: '64', memory: '1Ti', 'example.com/other': '3' }
    expect(refusePod(asking('a', requests), { ...NOTHING, allocatable: {} })).toBeUndefined()
    const holders = [asking('b', { cpu: '3' })]
    expect(refusePod(asking('a', { memory: '1Gi' }), { ...NOTHING, holders })).toBeUndefined()
  })

  it('refuses a Pod that wants a node with other labels', () => {
    const node = (labels: Record<string, string>) => ({
      ...NOTHING,
      node: { metadata: { name: 'n1', labels }, spec: {} },
    })
    const choosy = assignedPod('a', { nodeSelector: { disk: 'ssd' } })
    expect(refusePod(choosy, node({ disk: 'ssd' }))).toBeUndefined()
    expect(refusePod(choosy, NOTHING)).toBeUndefined()
    expect(refusePod(choosy, node({ disk: 'hdd' }))).toEqual({
      reason: 'NodeAffinity',
      message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    })
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['n2'] }]
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    }
    expect(refusePod(assignedPod('a', { affinity: { nodeAffinity } }), node({}))?.reason).toBe('NodeAffinity')
  })

  it('refuses a Pod that the node’s taints would expel', () => {
    const taint = (effect: string) => ({
      ...NOTHING,
      node: { metadata: {}, spec: { taints: [{ key: 'gpu', effect }] } },
    })
    const tolerations = [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }]
    expect(refusePod(assignedPod('a'), taint('NoSchedule'))).toBeUndefined()
    expect(refusePod(assignedPod('a', { tolerations }), taint('NoExecute'))).toBeUndefined()
    expect(refusePod(assignedPod('a'), taint('NoExecute'))).toEqual({
      reason: 'TaintToleration',
      message: "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
    })
  })

  it('takes no best-effort Pod while memory is short, unless it tolerates that', () => {
    const facts = { ...NOTHING, pressure: ['MemoryPressure'] }
    const tolerations = [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }]
    expect(refusePod(assignedPod('a'), facts)).toEqual({
      reason: 'Evicted',
      message: 'The node had condition: [MemoryPressure]. ',
    })
    expect(refusePod(asking('a', { memory: '1Mi' }), facts)).toBeUndefined()
    expect(refusePod(assignedPod('a', { tolerations }), facts)).toBeUndefined()
    expect(refusePod(assignedPod('a', { priority: 2_000_000_000 }), facts)).toBeUndefined()
  })

  it('takes only critical Pods while anything else is short', () => {
    const facts = { ...NOTHING, pressure: ['MemoryPressure', 'DiskPressure'] }
    const tolerations = [{ operator: 'Exists' }]
    expect(refusePod(asking('a', { memory: '1Mi' }, { tolerations }), facts)).toEqual({
      reason: 'Evicted',
      message: 'The node had condition: [MemoryPressure DiskPressure]. ',
    })
    expect(refusePod(assignedPod('a', { priority: 2_000_001_000 }), facts)).toBeUndefined()
  })
})
