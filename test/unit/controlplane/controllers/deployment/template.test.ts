import { describe, expect, it } from 'vitest'
import { templateForm } from '../../../../../controlplane/controllers/deployment/template-form.ts'
import { templateHash } from '../../../../../controlplane/controllers/deployment/template-hash.ts'
import type { Container, PodSpec, PodTemplateSpec } from '../../../../../shared/api/generated/core-v1.ts'

function template(container: Partial<Container> = {}, spec: Partial<PodSpec> = {}): PodTemplateSpec {
  const main = { name: 'main', image: 'web:1', ...container }
  return { metadata: { labels: { app: 'web' } }, spec: { containers: [main], ...spec } }
}

const isSame = (a: PodTemplateSpec, b: PodTemplateSpec) => templateForm(a) === templateForm(b)

describe('templates that mean the same', () => {
  const same: [string, PodTemplateSpec, PodTemplateSpec][] = [
    ['the order of keys', { spec: { containers: [] }, metadata: {} }, { metadata: {}, spec: { containers: [] } }],
    ['the hash label', template(), { ...template(), metadata: { labels: { app: 'web', 'pod-template-hash': 'x' } } }],
    ['empty structures', template(), template({ resources: {}, env: [] })],
    ['null', template(), { ...template(), metadata: { labels: { app: 'web' }, creationTimestamp: null as never } }],
    ['false where it is the default', template(), template({ tty: false, stdin: false }, { hostNetwork: false })],
    [
      'how a quantity is written',
      template({ resources: { requests: { cpu: '1000m', memory: '1Gi' } } }),
      template({ resources: { requests: { cpu: '1', memory: '1024Mi' } } }),
    ],
  ]
  it.each(same)('whatever %s', (_, a, b) => {
    expect(isSame(a, b)).toBe(true)
    expect(templateHash(a)).toBe(templateHash(b))
  })

  const different: [string, Partial<Container>, Partial<PodSpec>][] = [
    ['image', { image: 'web:2' }, {}],
    ['a false that is not the default', { securityContext: { privileged: false } }, {}],
    ['a zero', {}, { terminationGracePeriodSeconds: 0 }],
    ['an empty label value', {}, { nodeSelector: { gpu: '' } }],
    ['a quantity', { resources: { requests: { cpu: '2' } } }, {}],
    ['an annotation like a quantity', { env: [{ name: 'CPU', value: '1000m' }] }, {}],
  ]
  it.each(different)('are told apart by %s', (_, container, spec) => {
    expect(isSame(template(), template(container, spec))).toBe(false)
    expect(templateHash(template())).not.toBe(templateHash(template(container, spec)))
  })

  it('have a text that looks like a quantity compared as text', () => {
    const env = (value: string) => template({ env: [{ name: 'CPU', value }] })
    expect(isSame(env('1000m'), env('1'))).toBe(false)
  })

  it('hash to a label value, and to another after a collision', () => {
    expect(templateHash(template())).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/)
    expect(templateHash(template(), 1)).not.toBe(templateHash(template()))
    expect(templateHash(template(), 0)).toBe(templateHash(template()))
  })
})
