import { describe, expect, it } from 'vitest'
import { pullCredentials } from '../../../../agent/images/pull-credentials.ts'
import type { Secret } from '../../../../shared/api/kinds.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const secret = (auths: object): Secret => ({
  metadata: { name: 's' },
  data: { '.dockerconfigjson': base64(JSON.stringify({ auths })) },
})
const usersFor = (image: string, ...servers: string[]) =>
  pullCredentials(image, [
    secret(Object.fromEntries(servers.map((server) => [server, { username: server, password: 'x' }]))),
  ]).map(({ username }) => username)

describe('pullCredentials', () => {
  it('finds the log-ins of an image’s registry, the most specific first', () => {
    const secrets = [
      secret({ '*.io': { auth: base64('all:p:w') }, 'ghcr.io/team': { username: 'team', password: 'pw' } }),
      secret({ 'quay.io': { auth: base64('other:x') } }),
    ]
    expect(pullCredentials('ghcr.io/team/app:1', secrets)).toEqual([
      { username: 'team', password: 'pw', serverAddress: 'ghcr.io' },
      { username: 'all', password: 'p:w', serverAddress: 'ghcr.io' },
    ])
  })

  it.each([
    ['ghcr.io/team/app', 'ghcr.io', true],
    ['ghcr.io/team/app', 'https://ghcr.io/v2/', true],
    ['ghcr.io/team/app', 'ghcr.io/team', true],
    ['ghcr.io/teamwork/app', 'ghcr.io/team', true],
    ['ghcr.io/other/app', 'ghcr.io/team', false],
    ['ghcr.io/v1/app', 'ghcr.io/v1x', false],
    ['registry.example.com/app', '*.example.com', true],
    ['a-1.example.com/app', 'a-*.example.com', true],
    ['a.b.example.com/app', '*.example.com', false],
    ['example.com/app', '*.example.com', false],
    ['registry.example.com/app', '*.*.com', true],
    ['registryXexample.com/app', 'registry.example.com', false],
    ['localhost:5000/app', 'localhost:5000', true],
    ['localhost:5000/app', 'localhost', false],
    ['registry.example.com/app', 'registry.example.com:443', false],
    ['registry.example.com:5000/team/app', '*.example.com:5000/team', true],
    ['nginx', 'https://index.docker.io/v1/', true],
    ['team/app', 'docker.io', true],
    ['docker.io/team/app', 'docker.io/team', true],
    ['ghcr.io/team/app', 'https://index.docker.io/v1/', false],
  ])('the image %s has the log-in of %s: %s', (image, server, isItsOwn) => {
    expect(usersFor(`${image}:1`, server)).toEqual(isItsOwn ? [server] : [])
    expect(usersFor(`${image}@sha256:${'a'.repeat(64)}`, server)).toEqual(isItsOwn ? [server] : [])
  })

  it('reads the older form, too', () => {
    const old: Secret = {
      metadata: {},
      data: { '.dockercfg': base64(JSON.stringify({ 'r.io': { auth: base64('a:b') } })) },
    }
    expect(pullCredentials('r.io/app', [old])).toEqual([{ username: 'a', password: 'b', serverAddress: 'r.io' }])
  })

  it('takes nothing from what it cannot read', () => {
    const data = (text: string): Secret => ({ metadata: {}, data: { '.dockerconfigjson': base64(text) } })
    const broken = ['{', 'null', '[]', '{"auths":null}', '{"auths":{"docker.io":{"auth":"bm8="}}}'].map(data)
    expect(pullCredentials('nginx', [...broken, { metadata: {}, data: { token: 'x' } }])).toEqual([])
  })
})
