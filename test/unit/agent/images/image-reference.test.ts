import { describe, expect, it } from 'vitest'
import { parseImageReference, withDefaultTag } from '../../../../agent/images/image-reference.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

describe('image references', () => {
  it.each([
    ['nginx', { registry: 'docker.io', repository: 'library/nginx' }],
    ['team/app:1.2', { registry: 'docker.io', repository: 'team/app', tag: '1.2' }],
    ['ghcr.io/team/app', { registry: 'ghcr.io', repository: 'team/app' }],
    ['localhost:5000/app:x', { registry: 'localhost:5000', repository: 'app', tag: 'x' }],
    [`app:1@${DIGEST}`, { registry: 'docker.io', repository: 'library/app', tag: '1', digest: DIGEST }],
  ])('reads %s', (text, expected) => {
    expect(parseImageReference(text)).toEqual(expected)
  })

  it.each(['', 'UPPER', 'a b', 'app:', 'app@sha256:12', 'a//b', ':1'])('refuses %j', (text) => {
    expect(parseImageReference(text)).toBeUndefined()
  })

  it('adds the tag that a bare name means', () => {
    expect(withDefaultTag('nginx')).toBe('nginx:latest')
    expect(withDefaultTag('localhost:5000/nginx')).toBe('localhost:5000/nginx:latest')
    expect(withDefaultTag('nginx:1')).toBe('nginx:1')
    expect(withDefaultTag(`nginx@${DIGEST}`)).toBe(`nginx@${DIGEST}`)
  })
})
