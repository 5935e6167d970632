import { once } from 'node:events'
import { constants } from 'node:http2'
import { setTimeout as wait } from 'node:timers/promises'
import { openSession, type Target } from '../target.ts'

const PATH = { ':path': '/api/v1/pods' }

/** Streams that are opened and reset at once, over and over. */
export async function manyResets(target: Target): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const { session } = openSession(target)
    await once(session, 'connect')
    for (let index = 0; index < 500 && !session.closed && !session.destroyed; index++) {
      const stream = session.request(PATH).on('error', () => {})
      stream.close(constants.NGHTTP2_CANCEL)
    }
    await wait(50)
    session.destroy()
  }
}

/** More streams than are allowed, none of which is read. */
export async function manyStreams(target: Target): Promise<void> {
  const { session } = openSession(target)
  await once(session, 'connect')
  for (let index = 0; index < 3000 && !session.destroyed; index++) {
    session
      .request({ ':path': '/openapi/v3/api/v1' })
      .on('error', () => {})
      .pause()
  }
  await wait(2000)
  session.destroy()
}

export async function oversizedHeaders(target: Target): Promise<void> {
  for (const size of [10_000, 100_000, 1_000_000]) {
    const { session } = openSession(target)
    await once(session, 'connect')
    for (let index = 0; index < 20 && !session.destroyed; index++) {
      session
        .request({ ...PATH, [`x-${index}`]: 'y'.repeat(size) })
        .on('error', () => {})
        .resume()
    }
    await wait(200)
    session.destroy()
  }
}
