/**
 * Ill-treats a real `kubette server`: `npx tsx test/fuzz/main.ts [--seconds 60] [--seed 1]`. Odd requests and attacks
 * on connections take turns, while a client beside them measures how long it waits. What fails is printed with its
 * seed, and with `--seed` it comes again; exit code 1.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ATTACKS } from './attacks/index.ts'
import { describe, fuzz } from './fuzz.ts'
import { Probe } from './probe.ts'
import { startTarget, type Target } from './target.ts'

/** The server may grow to this: it begins at about 130, and holds caches and the last minutes' events. */
const MOST_RESIDENT_MEBIBYTES = 900
/** A client may wait so long for its answer, on a machine that does much else. */
const LONGEST_WAIT_MS = 5000
/** Of those who stay: the fuzzer's own clients, the probe, the door. */
const MOST_SOCKETS = 20
const LONGEST_PARTING_MS = 15_000
const REQUESTS_PER_ROUND = 500
const MONSTERS_PER_THOUSAND = 10

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
})
const until = performance.now() + Number(values.seconds) * 1000
const attacks = Object.entries(ATTACKS)
const target = await startTarget()
const probe = new Probe(target)
let failure: string | undefined
let longestMs = 0
try {
  for (let round = 0; !failure && performance.now() < until; round++) {
    failure = await runRound(Number(values.seed) + round)
  }
} finally {
  probe.stop()
  await target.stop()
}
if (failure) console.log(failure)
process.exit(failure ? 1 : 0)

/** Resolves with what went wrong. */
async function runRound(seed: number): Promise<string | undefined> {
  const { api } = target
  const finding = await fuzz({ api, seed, count: REQUESTS_PER_ROUND, monsters: MONSTERS_PER_THOUSAND, isAlone: false })
  const afterRequests = finding ? describe(finding) : healthOf(target)
  report(seed, 'requests', afterRequests)
  if (afterRequests) return `seed ${seed}: ${afterRequests}`
  const [name, attack] = attacks[seed % attacks.length] ?? attacks[0] ?? []
  if (!name || !attack) return undefined
  await attack(target)
  const afterAttack = (await leftOpen(target)) ?? healthOf(target)
  report(seed, name, afterAttack)
  return afterAttack && `seed ${seed}, ${name}: ${afterAttack}`
}

/** An attack closes what it opened; so must the server, though it need not do so at once. */
async function leftOpen({ openSockets }: Target): Promise<string | undefined> {
  const until = performance.now() + LONGEST_PARTING_MS
  while (target.isAlive && openSockets() > MOST_SOCKETS) {
    if (performance.now() > until) return `the server holds ${openSockets()} sockets`
    await wait(100)
  }
  return undefined
}

function healthOf({ isAlive, residentMebibytes }: Target): string | undefined {
  if (!isAlive) return 'the server has ended'
  const { longestMs: waitedMs, failures } = probe.take()
  longestMs = waitedMs
  if (failures.length > 0) return failures[0]
  if (waitedMs > LONGEST_WAIT_MS) return `another client waited ${Math.round(waitedMs)} ms`
  const resident = residentMebibytes()
  return resident > MOST_RESIDENT_MEBIBYTES ? `the server holds ${Math.round(resident)} MiB` : undefined
}

function report(seed: number, what: string, problem: string | undefined): void {
  const memory = target.isAlive ? `${Math.round(target.residentMebibytes())} MiB` : 'ended'
  console.log(`seed ${seed} ${what}: ${problem ? 'FAILED' : 'ok'}, longest wait ${Math.round(longestMs)} ms, ${memory}`)
}
