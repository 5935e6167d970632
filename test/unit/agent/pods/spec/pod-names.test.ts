import { describe, expect, it } from 'vitest'
import { podNames } from '../../../../../agent/pods/spec/pod-names.ts'
import { assignedPod } from '../../../../support/assigned-pod.ts'

describe('podNames', () => {
  it('names a Pod by its hostname, or by its own name cut to what a hostname may have', () => {
    expect(podNames(assignedPod(`${'a'.repeat(62)}-b`))).toEqual({ hostname: 'a'.repeat(62) })
    expect(podNames(assignedPod('a', { hostname: 'own' }))).toEqual({ hostname: 'own' })
  })

  it('gives a Pod with a subdomain a domain, which becomes part of the hostname only where that is asked for', () => {
    const domain = 'sub.default.svc.cluster.local'
    expect(podNames(assignedPod('a', { subdomain: 'sub' }))).toEqual({ hostname: 'a', domain })
    const whole = { subdomain: 'sub', setHostnameAsFQDN: true }
    expect(podNames(assignedPod('a', whole))).toEqual({ hostname: `a.${domain}` })
    expect(podNames(assignedPod('a', { setHostnameAsFQDN: true }))).toEqual({ hostname: 'a' })
  })

  it('refuses a full name that the kernel cannot keep', () => {
    const spec = { subdomain: 'sub', setHostnameAsFQDN: true }
    const longest = 'a'.repeat(64 - '.sub.default.svc.cluster.local'.length)
    expect(podNames(assignedPod(longest, spec)).hostname).toHaveLength(64)
    expect(() => podNames(assignedPod(`${longest}a`, spec))).toThrow(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${longest}a.sub.default.svc.cluster.local ` +
        'is too long (64 characters is the max, 65 characters requested)',
    )
  })

  it('takes an override before everything else', () => {
    const spec = { hostnameOverride: 'db.example.com', hostname: 'x', subdomain: 'sub' }
    expect(podNames(assignedPod('a', spec))).toEqual({ hostname: 'db.example.com' })
  })
})
