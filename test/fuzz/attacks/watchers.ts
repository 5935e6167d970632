import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { openSession, type Target } from '../target.ts'

const WATCH = { ':path': '/api/v1/configmaps?watch=true' }
const WRITES = 50

/** 2,000 watches on three connections and 200 on connections of their own, all of which get every event. */
export async function manyWatches(target: Target): Promise<void> {
  const shared = Array.from({ length: 3 }, () => openSession(target).session)
  const own = Array.from({ length: 200 }, () => openSession(target).session)
  const sessions = [...shared.flatMap((session) => Array<typeof session>(667).fill(session)), ...own]
  for (const session of sessions)
    session
      .request(WATCH)
      .on('error', () => {})
      .resume()
  await wait(1000)
  await write(target, 'x')
  await wait(500)
  for (const session of [...shared, ...own]) session.destroy()
}

/** Watches and lists that nobody reads, while much happens. */
export async function slowReaders(target: Target): Promise<void> {
  const opened = Array.from({ length: 10 }, () => openSession(target))
  await Promise.all(opened.map(({ session }) => once(session, 'connect')))
  for (const { session, socket } of opened) {
    for (let index = 0; index < 50; index++)
      session
        .request(WATCH)
        .on('error', () => {})
        .pause()
    socket.pause()
  }
  await wait(500)
  await write(target, 'y'.repeat(100_000))
  await wait(500)
  for (const { session } of opened) session.destroy()
}

async function write({ api }: Target, value: string): Promise<void> {
  const path = '/api/v1/namespaces/default/configmaps'
  await api.post(path, { metadata: { name: 'watched' } })
  for (let index = 0; index < WRITES; index++) {
    await api.patch(`${path}/watched`, 'merge', { data: { value: `${value}${index}` } })
  }
  await api.delete(`${path}/watched`)
}
