import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { createAuthorizer } from '../../../../controlplane/apiserver/auth/authorizer.ts'
import { createCertificateAuthenticator } from '../../../../controlplane/apiserver/auth/certificate-authenticator.ts'
import { createSnapshotRoute } from '../../../../controlplane/apiserver/snapshot-route.ts'
import { systemClock } from '../../../../shared/clock.ts'
import { silentLogger } from '../../../../shared/log.ts'
import { SNAPSHOT_PATH } from '../../../../shared/protocol/snapshot.ts'
import { startTestApiServer } from '../../../support/test-api-server.ts'

const objects = Array.from({ length: 250 }, (_, i) => ({ key: `/k${i}`, value: 'eA==', revision: i + 1 }))

it('hands the whole state to administrators, and to nobody else', async () => {
  const clock = systemClock()
  const authenticator = createCertificateAuthenticator(clock)
  const authorizer = createAuthorizer({ pod: async () => undefined, podsOf: async () => [] })
  const snapshot = async () => ({ revision: 250, objects })
  const route = createSnapshotRoute({ authenticator, authorizer, clock, log: silentLogger, snapshot })
  const api = await startTestApiServer({ extraRoutes: [route] })
  const get = async (certificate: { cert?: string; key?: string }) => {
    const agent = new Agent({ ca: api.ca, ...certificate })
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      request(`${api.url}${SNAPSHOT_PATH}`, { agent }, resolve).on('error', reject).end(),
    )
    return { code: response.statusCode, body: JSON.parse(await text(response)) }
  }
  const admin = await get(await api.clientCertificate('admin', ['system:masters']))
  expect(admin).toEqual({ code: 200, body: { revision: 250, objects } })
  expect(await get(await api.clientCertificate('system:node:n1', ['system:nodes']))).toMatchObject({ code: 403 })
  expect(await get(await api.clientCertificate('someone'))).toMatchObject({ code: 403 })
  expect(await get({})).toMatchObject({ code: 401 })
  await api.close()
})
