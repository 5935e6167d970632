// What a cluster at rest costs: one control plane and three nodes with the example, started as `kubette up` does.
//   npx tsx test/bench/idle.ts [minutes]
// Prints memory, processor time and bytes written of each process over the time, each as a ratio to its goal. Of the
// memory, Node's own program is told apart: all processes on a machine share it, and a bare Node has 36 MB of it.
import { readFileSync } from 'node:fs'
import { sleep, systemClock } from '../../shared/clock.ts'
import { endOnSignal } from '../support/end-on-signal.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { run } from '../support/shell.ts'

const MINUTES = Number(process.argv[2] ?? 10)
/** Until what the start has left to do is done. */
const SETTLE_MS = 60_000
/** Megabytes, and percent of a core. Nothing is to be written. */
const GOALS = { server: { memory: 100, cpu: 1 }, agent: { memory: 60, cpu: 0.5 } }
const TICKS_PER_SECOND = 100

interface Usage {
  cpuSeconds: number
  writtenBytes: number
}

interface Process {
  id: number
  kind: 'server' | 'agent'
}

async function processesOf(up: UpProcess): Promise<Process[]> {
  const output = await run('pgrep', ['-af', `kubette.js (server|agent) .*${up.dataDir}`])
  return output
    .split('\n')
    .filter(Boolean)
    .map((line) => ({ id: Number(line.split(' ')[0]), kind: / server /.test(line) ? 'server' : 'agent' }))
}

function usageOf({ id }: Process): Usage {
  const [, ...stat] = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')
  const fields = stat.join(') ').split(' ')
  const written = /^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${id}/io`, 'utf8'))?.[1]
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    writtenBytes: Number(written),
  }
}

function megabytes({ id }: Process, what: 'VmRSS' | 'RssFile'): number {
  const kibibytes = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]
  return (Number(kibibytes) * 1024) / 1e6
}

function report(process: Process, before: Usage): void {
  const goal = GOALS[process.kind]
  const { cpuSeconds, writtenBytes } = usageOf(process)
  const resident = megabytes(process, 'VmRSS')
  const cpu = ((cpuSeconds - before.cpuSeconds) / (MINUTES * 60)) * 100
  const written = writtenBytes - before.writtenBytes
  const parts = [
    `${resident.toFixed(1)} MB (${(resident / goal.memory).toFixed(2)} of ${goal.memory}; ${megabytes(process, 'RssFile').toFixed(0)} are Node's program)`,
    `${cpu.toFixed(2)} % of a core (${(cpu / goal.cpu).toFixed(2)} of ${goal.cpu})`,
    `${written} bytes written in ${MINUTES} min (${written === 0 ? 'as' : 'above'} the goal of 0)`,
  ]
  console.log(`${process.kind}: ${parts.join(', ')}`)
}

const clock = systemClock()
const up = new UpProcess(await freePort())
endOnSignal(() => up.destroy())
try {
  await up.start()
  await sleep(clock, SETTLE_MS)
  const processes = await processesOf(up)
  const before = processes.map(usageOf)
  await sleep(clock, MINUTES * 60_000)
  processes.forEach((process, index) => {
    report(process, before[index] ?? { cpuSeconds: 0, writtenBytes: 0 })
  })
} finally {
  await up.destroy()
}
