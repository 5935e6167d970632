import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { readBody } from '../../../../../controlplane/apiserver/http/body.ts'
import type { HttpRequest } from '../../../../../controlplane/apiserver/http/http-request.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

it.each([
  ['an error', (stream: PassThrough) => stream.destroy(new Error('aborted'))],
  ['no error', (stream: PassThrough) => stream.destroy()],
])('takes a client that goes away with %s for no defect of ours', async (_, goAway) => {
  const stream = Object.assign(new PassThrough(), { headers: {} })
  stream.write('{')
  const body = readBody(stream as unknown as HttpRequest, new VirtualClock())
  goAway(stream)
  await expect(body).rejects.toMatchObject({ reason: 'BadRequest', message: 'the request was broken off' })
})
