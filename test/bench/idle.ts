// What a cluster at rest costs: one control plane and three nodes with the example, started as `kubette up` does.
//   npx tsx test/bench/idle.ts [minutes]
// Prints memory, processor time and bytes written of each process over the time, beside the goals.
import { readFileSync } from 'node:fs'
import { sleep, systemClock } from '../../shared/clock.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { run } from '../support/shell.ts'

const MINUTES = Number(process.argv[2] ?? 10)
/** Until what the start has left to do is done. */
const SETTLE_MS = 60_000
const GOALS = { server: 100, agent: 60 }
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

function residentMegabytes({ id }: Process): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]) / 1000
}

const clock = systemClock()
const up = new UpProcess(await freePort())
try {
  await up.start()
  await sleep(clock, SETTLE_MS)
  const processes = await processesOf(up)
  const before = processes.map(usageOf)
  await sleep(clock, MINUTES * 60_000)
  processes.forEach((process, index) => {
    const { cpuSeconds, writtenBytes } = usageOf(process)
    const cpu = ((cpuSeconds - (before[index]?.cpuSeconds ?? 0)) / (MINUTES * 60)) * 100
    const written = writtenBytes - (before[index]?.writtenBytes ?? 0)
    const resident = residentMegabytes(process)
    const ratio = (resident / GOALS[process.kind]).toFixed(2)
    const memory = `${resident.toFixed(0)} MB (${ratio} of the goal of ${GOALS[process.kind]} MB)`
    console.log(`${process.kind}: ${memory}, ${cpu.toFixed(2)} % of a core, ${written} bytes written in ${MINUTES} min`)
  })
} finally {
  await up.destroy()
}
