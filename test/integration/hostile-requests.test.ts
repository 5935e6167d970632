import { afterAll, beforeAll, expect, it } from 'vitest'
import { fuzz, describe as shown } from '../fuzz/fuzz.ts'
import { ApiHttp } from '../support/api-http.ts'
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts'

/** A short run of test/fuzz; `npx tsx test/fuzz/main.ts` goes on for longer. */
let server: TestApiServer
let api: ApiHttp

beforeAll(async () => {
  server = await startTestApiServer()
  api = new ApiHttp(server, await server.clientCertificate('admin', ['system:masters']))
})

afterAll(async () => {
  api.close()
  await server.close()
})

it('answers odd requests with reasons, and refused ones change nothing', async () => {
  const answered = new Map<number, number>()
  const finding = await fuzz({
    api,
    seed: 20_300,
    count: 500,
    monsters: 4,
    isAlone: true,
    onAnswer: (_request, { status }) => answered.set(status, (answered.get(status) ?? 0) + 1),
  })
  expect(finding && shown(finding)).toBeUndefined()
  for (const status of [200, 201, 400, 404, 405, 406, 409, 415, 422])
    expect(answered.get(status), `${status}`).toBeTruthy()
  expect(Object.keys(Object.prototype)).toEqual([])
})
