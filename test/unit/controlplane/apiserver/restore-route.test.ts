import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createAuthorizer } from '../../../../controlplane/apiserver/auth/authorizer.ts'
import { createCertificateAuthenticator } from '../../../../controlplane/apiserver/auth/certificate-authenticator.ts'
import { createRestoreRoute } from '../../../../controlplane/apiserver/restore-route.ts'
import { systemClock } from '../../../../shared/clock.ts'
import { silentLogger } from '../../../../shared/log.ts'
import { RESTORE_PATH } from '../../../../shared/protocol/restore.ts'
import { ApiHttp } from '../../../support/api-http.ts'
import { startTestApiServer, type TestApiServer } from '../../../support/test-api-server.ts'

let server: TestApiServer
let isReady: boolean
const restores = new EventTarget()

beforeAll(async () => {
  const authenticator = createCertificateAuthenticator(systemClock())
  const authorizer = createAuthorizer({ pod: async () => undefined, podsOf: async () => [] })
  const restore = () => void restores.dispatchEvent(new Event('restore'))
  const options = { authenticator, authorizer, log: silentLogger, isReady: () => isReady, restore }
  server = await startTestApiServer({ extraRoutes: [createRestoreRoute(options)] })
})
afterAll(() => server.close())
beforeEach(() => {
  isReady = true
})

async function post(certificate: { cert?: string; key?: string }) {
  const api = new ApiHttp(server, certificate)
  const { status, json } = await api.post(RESTORE_PATH, {})
  api.close()
  return { status, message: json.message }
}

const admin = () => server.clientCertificate('admin', ['system:masters'])

it('restores once an administrator has the answer', async () => {
  const restored = once(restores, 'restore')
  expect(await post(await admin())).toMatchObject({ status: 202 })
  await restored
})

it('has something to restore', async () => {
  isReady = false
  expect(await post(await admin())).toEqual({ status: 409, message: 'nothing was made ready to be restored' })
})

it('is for nobody else', async () => {
  let count = 0
  restores.addEventListener('restore', () => count++)
  expect(await post(await server.clientCertificate('system:node:n1', ['system:nodes']))).toMatchObject({ status: 403 })
  const message = `forbidden: User "someone" cannot post path "${RESTORE_PATH}"`
  expect(await post(await server.clientCertificate('someone'))).toEqual({ status: 403, message })
  expect(await post({})).toMatchObject({ status: 401 })
  expect(count).toBe(0)
})
