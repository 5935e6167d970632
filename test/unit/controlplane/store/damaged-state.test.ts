import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../../../controlplane/store/sqlite-store.ts'
import { DAMAGES, expectedOf, recovered, sweep } from '../../../crash/damage-sweep.ts'
import { copyState, recordSmallImage, recordStateImages, type StateImage } from '../../../support/state-images.ts'

/** A prime, so that all places within a page come. `test/crash/main.ts --every-byte` leaves none out. */
const SWEEP_STRIDE = 401

let directory: string
let images: StateImage[]
let copies = 0
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kubette-damaged-'))
  images = await recordStateImages(directory, 2)
}, 60_000)
afterAll(() => rmSync(directory, { recursive: true }))

/** What goes wrong with a file; `at` is a fraction of its size. */
type Damage =
  | { readonly how: 'cut' | 'lose'; readonly at: number }
  | { readonly how: 'overwrite'; readonly at: number; readonly bytes: Uint8Array }

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ how: fc.constant('cut' as const), at: place }),
  fc.record({ how: fc.constant('lose' as const), at: place }),
  fc.record({
    how: fc.constant('overwrite' as const),
    at: fc.oneof(place, fc.constant(0)),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 600 }),
      fc.constantFrom(512, 4096, 8192).map((size) => new Uint8Array(size)),
    ),
  }),
)

function inflict(path: string, damage: Damage): void {
  if (!existsSync(path)) return
  const offset = Math.floor(statSync(path).size * damage.at)
  switch (damage.how) {
    case 'lose':
      rmSync(path)
      break
    case 'cut':
      truncateSync(path, offset)
      break
    case 'overwrite': {
      const file = openSync(path, 'r+')
      writeSync(file, damage.bytes, 0, undefined, offset)
      closeSync(file)
    }
  }
}

function damagedCopy(image: StateImage, damages: { log?: Damage; pages?: Damage }): string {
  const path = join(directory, `copy-${++copies}.db`)
  copyState(image.path, path)
  if (damages.log) inflict(`${path}-wal`, damages.log)
  if (damages.pages) inflict(path, damages.pages)
  return path
}

describe('a state whose files were damaged', () => {
  it('has everything where nothing is wrong', async () => {
    for (const image of images) expect(await recovered(damagedCopy(image, {}))).toBe(image.states.at(-1))
  })

  it('is as it was at some time, or refused, wherever log or pages are torn, lost or overwritten', async () => {
    const anyImage = fc.nat(images.length - 1)
    const anyDamage = fc.oneof(
      fc.record({ log: damage }),
      fc.record({ pages: damage.filter(({ how }) => how !== 'lose') }),
      fc.record({ log: damage, pages: damage.filter(({ how }) => how !== 'lose') }),
    )
    let [refused, earlier] = [0, 0]
    await fc.assert(
      fc.asyncProperty(anyImage, anyDamage, async (number, damages) => {
        const image = images[number] as StateImage
        const path = damagedCopy(image, damages)
        const found = await recovered(path)
        for (const suffix of ['', '-wal']) rmSync(`${path}${suffix}`, { force: true })
        if (found === undefined) refused++
        else if (found !== image.states.at(-1)) earlier++
        if (found !== undefined) expect(image.states).toContain(found)
      }),
      { numRuns: Number(process.env.KUBETTE_RUNS ?? 100) },
    )
    expect(refused).toBeGreaterThan(0)
    expect(earlier).toBeGreaterThan(0)
  }, 600_000)

  it.each(DAMAGES)(
    'is as it was or refused whichever byte goes wrong ($how, $file)',
    async (damage) => {
      const image = await recordSmallImage(mkdtempSync(join(directory, 'small-')))
      const found = await sweep(image, join(directory, 'swept.db'), damage, SWEEP_STRIDE)
      expect(found).toEqual(expectedOf(image, damage))
    },
    600_000,
  )

  it('is refused where pages and log are of different times, though they fit together', async () => {
    const inPlace = await recordStateImages(mkdtempSync(join(directory, 'in-place-')), 2, 'in place')
    const image = inPlace.findLast(({ isCheckpointed }) => isCheckpointed) as StateImage
    for (const at of [0.02, 0.04, 0.06, 0.08]) {
      const path = damagedCopy(image, { log: { how: 'cut', at } })
      await expect(openSqliteStore(path)).rejects.toThrow('its parts are of different times')
    }
  })

  it('names the file that it refuses, and what to do', async () => {
    const path = damagedCopy(images[3] as StateImage, { log: { how: 'lose', at: 0 } })
    truncateSync(path, 0)
    await expect(openSqliteStore(path)).rejects.toThrow(`${path}: the file is damaged (it is empty); restore a backup`)
    writeFileSync(path, Buffer.alloc(8192, 'not a database at all '))
    await expect(openSqliteStore(path)).rejects.toThrow(`${path}: file is not a database`)
  })

  it('is refused where only its log is left: an old log must not be played into a new state', async () => {
    const path = damagedCopy(images[1] as StateImage, { pages: { how: 'lose', at: 0 } })
    await expect(openSqliteStore(path)).rejects.toThrow(`it is missing, but its log ${path}-wal is there`)
  })
})
