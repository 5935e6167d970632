import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { LABELS } from '../../agent/runtime/docker/labels.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import { sleep, systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { runtimeContract } from '../contracts/runtime.ts'
import type { SuiteProgram } from '../contracts/runtime-harness.ts'
import { run } from '../support/shell.ts'
import { loadTestImage } from '../support/test-image.ts'
import { joinTestNetwork } from '../support/test-pod-network.ts'

const clock = systemClock()
const REFERENCE = `kubette-test/runtime:${process.pid}`

runtimeContract('Docker', async () => {
  const clusterId = `${process.pid}-runtime`
  const runtime = createDockerRuntime({ clusterId, nodeName: 'node-1', clock, log: silentLogger })
  await loadTestImage({ reference: REFERENCE, clusterId })
  const others: string[] = []
  const image = await runtime.inspectImage(REFERENCE)
  const emptyHostDirectory = mkdtempSync(join(tmpdir(), 'kubette-suite-'))
  const network = await joinTestNetwork(runtime, `r${process.pid}`)
  return {
    runtime,
    network,
    image: { reference: REFERENCE, id: image?.id ?? '' },
    command: (program) => (program.does === 'notExist' ? ['/no/such/file'] : ['sh', '-c', scriptOf(program)]),
    exec: { quick: ['sh', '-c', 'echo hello; exit 3'], slow: ['sleep', '20'] },
    read: async (id, _, path) => {
      const { exitCode, output } = await runtime.exec(id, ['cat', `/volume/${path}`], 10_000)
      return exitCode === 0 ? output : undefined
    },
    interactive: {
      talk: ['sh', '-c', 'echo out; echo err >&2; cat; exit 7'],
      terminal: ['sh', '-c', 'read line; stty size'],
    },
    runOther: async ({ isPods, isLimited }) => {
      const limits = isLimited ? ['--cpus', '0.5', '--memory-reservation', '64m'] : []
      const labels = isPods ? [`${LABELS.cluster}=${clusterId}`, `${LABELS.node}=node-2`] : []
      const options = [...limits, ...labels.flatMap((label) => ['--label', label])]
      const id = (await run('docker', ['run', '--detach', ...options, REFERENCE, 'sleep', '1000'])).trim()
      others.push(id)
      return id
    },
    emptyHostDirectory,
    eventually: async (condition) => {
      for (let tries = 0; tries < 200; tries++) {
        if (await condition()) return
        await sleep(clock, 50)
      }
      throw new Error('condition not met within 10 s')
    },
    during: (promise) => promise,
    close: async () => {
      rmSync(emptyHostDirectory, { recursive: true })
      if (others.length > 0) await run('docker', ['rm', '--force', '--volumes', ...others])
      await removeEverything({ clusterId, clock, log: silentLogger })
    },
  }
})

function scriptOf(program: SuiteProgram): string {
  switch (program.does) {
    case 'run':
      return 'trap "exit 0" TERM; sleep 1000 & wait'
    case 'write':
      return `head -c ${program.kibibytes}k /dev/zero > ${program.path}; sync; sleep 1000`
    case 'spin':
      return 'while :; do :; done'
    case 'ignoreTerm':
      return 'trap "" TERM; sleep 1000'
    case 'exit':
      return `exit ${program.exitCode}`
    case 'leave':
      return `printf '${program.message}' > ${program.path}; exit 1`
    case 'print':
      return program.lines.map((line) => `echo ${line}`).join('; ')
    case 'ask':
      return 'printf "name? "; read name; echo "hello $name"'
    case 'echo':
      return `nc -ll -p ${program.port} -e cat`
    case 'notExist':
      return ''
  }
}
