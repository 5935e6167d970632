import { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import type { Containers } from '../../../../../../agent/runtime/docker/containers.ts'
import type { DockerApi } from '../../../../../../agent/runtime/docker/docker-api.ts'
import type { Execs } from '../../../../../../agent/runtime/docker/execs.ts'
import { processStreams } from '../../../../../../agent/runtime/docker/process-streams.ts'
import { RelayOpener } from '../../../../../../agent/runtime/docker/sockets/relay-opener.ts'
import { seededRandom } from '../../../../../support/seeded-random.ts'
import { VirtualClock } from '../../../../../support/virtual-clock.ts'

const NEVER = Number.POSITIVE_INFINITY

/** Opens the relay of a sandbox whose own program answers so late, or one that is started beside it. */
function opening(ownMs: number, besideMs: number) {
  const clock = new VirtualClock()
  const [own, beside] = [relay(clock, ownMs), relay(clock, besideMs)]
  let isStarted = false
  const opener = new RelayOpener({
    containers: {
      inspect: async () => ({ State: { Running: true }, Config: { OpenStdin: true } }),
    } as never as Containers,
    docker: { hijack: async () => own } as unknown as DockerApi,
    execs: {
      open: async () => {
        isStarted = true
        return processStreams({ output: beside, input: beside, tty: false, resize: async () => {} })
      },
    } as never as Execs,
    ...{ clock, random: seededRandom(1) },
  })
  const opened = opener.open('box', new AbortController().signal)
  opened.catch(() => {})
  return { clock, own, beside, opened, isStarted: () => isStarted }
}

/** Says back what it is told, as Docker passes it on. */
function relay(clock: VirtualClock, afterMs: number): Duplex {
  const connection = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, chunk.length])
      if (afterMs !== NEVER) clock.after(afterMs, () => connection.push(Buffer.concat([header, chunk])))
      done()
    },
  })
  return connection
}

it('takes the program of the sandbox where that answers soon', async () => {
  const { clock, opened, own, isStarted } = opening(1_900, 0)
  await clock.advance(1_900)
  await opened
  await clock.advance(60_000)
  expect(isStarted()).toBe(false)
  expect(own.destroyed).toBe(false)
})

it('takes whichever answers first where the machine has too much to do, and lets go of the other', async () => {
  const slow = opening(9_000, 12_000)
  await slow.clock.advance(9_000)
  await slow.opened
  expect([slow.own.destroyed, slow.beside.destroyed]).toEqual([false, true])
  const stuck = opening(NEVER, 25_000)
  await stuck.clock.advance(27_000)
  await stuck.opened
  expect([stuck.own.destroyed, stuck.beside.destroyed]).toEqual([true, false])
})

it('says when neither answers', async () => {
  const { clock, opened } = opening(NEVER, NEVER)
  await clock.advance(32_000)
  await expect(opened).rejects.toThrow('the socket relay of this sandbox does not answer')
})
