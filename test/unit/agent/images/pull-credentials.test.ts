import { describe, expect, it } from 'vitest'
import { pullCredentials } from '../../../../agent/images/pull-credentials.ts'
import type { Secret } from '../../../../shared/api/kinds.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const secret = (auths: object): Secret => ({
  metadata: { name: 's' },
  data: { '.dockerconfigjson': base64(JSON.stringify({ auths })) },
})

describe('pullCredentials', () => {
  it('finds the log-ins of an image’s registry, the most specific first', () => {
    const secrets = [
      secret({ 'ghcr.io': { auth: base64('all:p:w') }, 'ghcr.io/team': { username: 'team', password: 'pw' } }),
      secret({ 'quay.io': { auth: base64('other:x') } }),
    ]
    expect(pullCredentials('ghcr.io/team/app:1', secrets)).toEqual([
      { username: 'team', password: 'pw', serverAddress: 'ghcr.io/team' },
      { username: 'all', password: 'p:w', serverAddress: 'ghcr.io' },
    ])
    expect(pullCredentials('ghcr.io/teamwork/app:1', secrets).map(({ username }) => username)).toEqual(['all'])
  })

  it('knows Docker’s hub by its old address', () => {
    const secrets = [secret({ 'https://index.docker.io/v1/': { auth: base64('me:pw') } })]
    expect(pullCredentials('nginx', secrets)).toMatchObject([{ username: 'me' }])
  })

  it('takes nothing from what it cannot read', () => {
    const broken: Secret = { metadata: {}, data: { '.dockerconfigjson': base64('{') } }
    expect(pullCredentials('nginx', [broken, { metadata: {}, data: { token: 'x' } }])).toEqual([])
  })
})
