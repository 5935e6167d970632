import { describe, expect, it } from 'vitest'
import type { Container, PodSpec } from '../../../../shared/api/generated/core-v1.ts'
import { PODS } from '../../../../shared/api/kinds.ts'
import { causesOf, testPod, testRegistry } from '../../../support/test-registry.ts'

/** What is wrong with a Pod of that spec. */
async function complaints(spec: Partial<PodSpec>): Promise<string[]> {
  const { create } = await testRegistry()
  const pod = testPod('a', { spec: { containers: [{ name: 'c', image: 'i' }], ...spec } })
  return create(PODS, pod).then(() => [], causesOf)
}
const ofContainer = (more: Partial<Container>, spec: Partial<PodSpec> = {}) =>
  complaints({ ...spec, containers: [{ name: 'c', image: 'i', ...more }] })
const at = (...texts: string[]) => texts.map((text) => `spec.containers[0].${text}`)

describe('validation of what a container does in its life', () => {
  it('takes hooks and probes of all kinds', async () => {
    const lifecycle = {
      postStart: { httpGet: { path: '/', port: 80, host: 'x', httpHeaders: [{ name: 'A', value: '' }] } },
      preStop: { sleep: { seconds: 30 } },
      stopSignal: 'SIGRTMIN+3',
    }
    const probes = {
      livenessProbe: { grpc: { port: 1, service: 's' } },
      readinessProbe: { tcpSocket: { port: 'http' } },
      startupProbe: { exec: { command: ['x'] } },
    }
    expect(await ofContainer({ lifecycle, ...probes }, { os: { name: 'linux' } })).toEqual([])
  })

  it('lets a hook do one thing', async () => {
    const lifecycle = { postStart: {}, preStop: { exec: { command: [] }, sleep: { seconds: 1 }, httpGet: { port: 0 } } }
    expect(await ofContainer({ lifecycle })).toEqual(
      at(
        'lifecycle.postStart: Required value: must specify a handler type',
        'lifecycle.preStop.httpGet: Forbidden: may not specify more than 1 handler type',
        'lifecycle.preStop.sleep: Forbidden: may not specify more than 1 handler type',
        'lifecycle.preStop.exec.command: Required value',
      ),
    )
  })

  it('lets a hook sleep no longer than the grace period', async () => {
    const why = 'must be non-negative and less than terminationGracePeriodSeconds (10)'
    const lifecycle = { preStop: { sleep: { seconds: 11 } }, postStart: { sleep: { seconds: -1 } } }
    expect(await ofContainer({ lifecycle }, { terminationGracePeriodSeconds: 10 })).toEqual(
      at(`lifecycle.postStart.sleep: Invalid value: -1: ${why}`, `lifecycle.preStop.sleep: Invalid value: 11: ${why}`),
    )
  })

  it('knows the addresses of hooks and probes', async () => {
    const httpGet = { path: '', port: 70000, scheme: 'FTP', httpHeaders: [{ name: 'X Y', value: '' }] }
    const found = await ofContainer({ lifecycle: { preStop: { httpGet } }, livenessProbe: { grpc: { port: 0 } } })
    expect(found.map((text) => text.split(': ').slice(0, 2).join(': '))).toEqual(
      at(
        'livenessProbe.grpc.port: Invalid value',
        'lifecycle.preStop.httpGet.port: Invalid value',
        'lifecycle.preStop.httpGet.scheme: Unsupported value',
        'lifecycle.preStop.httpGet.httpHeaders: Invalid value',
      ),
    )
  })

  it('takes a stop signal that the named system has', async () => {
    const lifecycle = { stopSignal: 'SIGHELLO' }
    expect(await ofContainer({ lifecycle })).toEqual(
      at('lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`'),
    )
    const [unsupported] = await ofContainer({ lifecycle }, { os: { name: 'linux' } })
    expect(unsupported).toContain('lifecycle.stopSignal: Unsupported value: "SIGHELLO": supported values: "SIGABRT"')
  })

  it('knows the rules for a restartPolicy of a container’s own', async () => {
    const rule = { action: 'Restart', exitCodes: { operator: 'In', values: [1] } }
    expect(await ofContainer({ restartPolicy: 'Never', restartPolicyRules: [rule] })).toEqual([])
    expect(await ofContainer({ restartPolicyRules: Array(21).fill(rule) })).toEqual(
      at(
        'restartPolicy: Required value: must specify restartPolicy when restart rules are used',
        'restartPolicyRules: Too many: 21: must have at most 20 items',
      ),
    )
    const rules = [
      { action: 'Stop' },
      { action: 'Restart', exitCodes: { operator: 'Equals', values: Array(256).fill(1) } },
    ]
    expect(await ofContainer({ restartPolicy: 'Sometimes', restartPolicyRules: rules })).toEqual(
      at(
        'restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
        'restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart", "RestartAllContainers"',
        'restartPolicyRules[0].exitCodes: Required value: must be specified',
        'restartPolicyRules[1].exitCodes.operator: Unsupported value: "Equals": supported values: "In", "NotIn"',
        'restartPolicyRules[1].exitCodes.values: Too many: 256: must have at most 255 items',
      ),
    )
  })

  it('lets only those init containers have hooks and probes that always restart', async () => {
    const init = { name: 'i', image: 'i', lifecycle: { preStop: { sleep: { seconds: 1 } } } }
    expect(await complaints({ initContainers: [{ ...init, restartPolicy: 'Always' }] })).toEqual([])
    expect(await complaints({ initContainers: [{ ...init, restartPolicy: 'OnFailure' }] })).toEqual([
      'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
    ])
  })

  it('lets readiness alone have gates of names that conditions can have', async () => {
    const readinessProbe = { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 1 }
    const readinessGates = [{ conditionType: 'a b' }]
    const found = await ofContainer({ readinessProbe }, { readinessGates })
    expect(found[0]).toBe(
      'spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes',
    )
    expect(found[1]).toContain('spec.readinessGates[0].conditionType: Invalid value: "a b"')
  })
})
