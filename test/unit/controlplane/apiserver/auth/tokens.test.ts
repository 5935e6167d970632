import { describe, expect, it } from 'vitest'
import { checkJoinToken, removeExpiredTokens } from '../../../../../controlplane/apiserver/auth/tokens.ts'
import { createRegistry } from '../../../../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../../../../controlplane/registry/namespaces.ts'
import { MemoryStore } from '../../../../../controlplane/store/memory-store.ts'
import { SECRETS, type Secret } from '../../../../../shared/api/kinds.ts'
import { formatJoinToken, newJoinToken, parseJoinToken } from '../../../../../shared/pki/join-token.ts'
import { joinTokenSecret, readJoinTokenSecret } from '../../../../../shared/pki/join-token-secret.ts'
import { seededRandom } from '../../../../support/seeded-random.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const HOUR_MS = 3600 * 1000
const random = seededRandom(7)
const CA_HASH = 'ab'.repeat(32)

async function setUp() {
  const clock = new VirtualClock()
  const registry = createRegistry({ store: new MemoryStore(), clock, random })
  await bootstrapNamespaces(registry)
  const add = async (options: { expiresAt?: number; description?: string } = {}) => {
    const token = newJoinToken(random, CA_HASH)
    const secret = joinTokenSecret(token.secret, options)
    await registry.create(SECRETS, secret, { namespace: 'kube-system' })
    return { token, name: secret.metadata.name ?? '' }
  }
  return { clock, registry, add }
}

describe('join tokens', () => {
  it('are read as they are written, and nothing else is', () => {
    const token = newJoinToken(random, CA_HASH)
    expect(parseJoinToken(` ${formatJoinToken(token)}\n`)).toEqual(token)
    for (const wrong of ['', 'K1', 'K2.a.b', `K1.${CA_HASH}.`, `${formatJoinToken(token)}.x`]) {
      expect(parseJoinToken(wrong)).toBeUndefined()
    }
  })

  it('are valid until they expire', async () => {
    const { clock, registry, add } = await setUp()
    const { token } = await add({ expiresAt: clock.now() + HOUR_MS, description: 'the new Pi' })
    expect(await checkJoinToken(registry, clock, token.secret)).toMatchObject({
      valid: true,
      token: { description: 'the new Pi' },
    })
    await clock.advance(HOUR_MS)
    expect(await checkJoinToken(registry, clock, token.secret)).toEqual({ valid: false, reason: 'expired' })
  })

  it('without an end never expire', async () => {
    const { clock, registry, add } = await setUp()
    const { token } = await add()
    await clock.advance(10_000 * HOUR_MS)
    await removeExpiredTokens(registry, clock)
    expect((await checkJoinToken(registry, clock, token.secret)).valid).toBe(true)
  })

  it('are unknown when they were revoked, never made, or their Secret is of another type', async () => {
    const { clock, registry, add } = await setUp()
    const { token, name } = await add()
    await registry.delete(SECRETS, { namespace: 'kube-system', name }, {})
    expect(await checkJoinToken(registry, clock, token.secret)).toEqual({ valid: false, reason: 'unknown' })
    const forged = { ...joinTokenSecret(token.secret), type: 'Opaque' }
    await registry.create(SECRETS, forged, { namespace: 'kube-system' })
    expect(await checkJoinToken(registry, clock, token.secret)).toEqual({ valid: false, reason: 'unknown' })
  })

  it('keep nothing from which the secret could be had', async () => {
    const { registry, add } = await setUp()
    const { token, name } = await add()
    const { json } = await registry.get(SECRETS, { namespace: 'kube-system', name })
    const stored = Buffer.from(json).toString()
    expect(stored).not.toContain(token.secret)
    expect(stored).not.toContain(Buffer.from(token.secret).toString('base64').slice(0, 40))
    expect(name).toBe(`join-token-${readJoinTokenSecret(JSON.parse(stored) as Secret)?.id}`)
  })

  it('are removed a day after they expired, and others are not', async () => {
    const { clock, registry, add } = await setUp()
    const old = await add({ expiresAt: clock.now() + HOUR_MS })
    const fresh = await add({ expiresAt: clock.now() + 100 * HOUR_MS })
    await clock.advance(24 * HOUR_MS)
    await removeExpiredTokens(registry, clock)
    expect(await checkJoinToken(registry, clock, old.token.secret)).toEqual({ valid: false, reason: 'expired' })
    await clock.advance(2 * HOUR_MS)
    await removeExpiredTokens(registry, clock)
    expect(await checkJoinToken(registry, clock, old.token.secret)).toEqual({ valid: false, reason: 'unknown' })
    expect((await checkJoinToken(registry, clock, fresh.token.secret)).valid).toBe(true)
  })
})
