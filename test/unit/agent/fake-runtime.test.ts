import { text } from 'node:stream/consumers'
import type { ContainerSpec } from '../../../agent/runtime/runtime.ts'
import { runtimeContract } from '../../contracts/runtime.ts'
import type { SuiteProgram } from '../../contracts/runtime-harness.ts'
import type { FakeProcess } from '../../support/fake-process.ts'
import type { FakeProgram } from '../../support/fake-program.ts'
import { FakeRuntime } from '../../support/fake-runtime.ts'
import { joinTestNetwork } from '../../support/test-pod-network.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const EXEC: FakeProgram = {
  exec: ([command]) => (command === 'quick' ? { exitCode: 3, output: 'hello\n' } : undefined),
  talk: (process, command) => void (command && run(process, command[0])),
}

async function run(process: FakeProcess, command: string | undefined): Promise<void> {
  if (command === 'talk') {
    process.print('out\n')
    process.print('err\n', 'stderr')
    process.print(await text(process.input))
    process.exit(7)
  } else {
    for await (const _ of process.input) break
    const { width, height } = process.sizes.at(-1) ?? {}
    process.print(`${height} ${width}\r\n`)
    process.exit(0)
  }
}

runtimeContract('the fake', async () => {
  const clock = new VirtualClock()
  const runtime = new FakeRuntime({ clock, program: programOf })
  runtime.pullErrors.set('127.0.0.1:9/none:1', 'connection refused')
  runtime.hostPaths.set('/srv/suite', { path: '/srv/suite', type: 'Directory' })
  const { id } = runtime.addImage('app:1')
  const network = await joinTestNetwork(runtime, 'fake')
  return {
    runtime,
    network,
    image: { reference: 'app:1', id },
    command: (program) => [JSON.stringify(program)],
    exec: { quick: ['quick'], slow: ['slow'] },
    read: async (id, volume, path) => {
      const container = runtime.containers.get(id)
      return container && runtime.volumes.read(container.spec.pod.name, volume)?.[path]
    },
    interactive: { talk: ['talk'], terminal: ['terminal'] },
    runOther: async ({ isPods, isLimited }) => {
      const other = { id: `other-${runtime.others.length}`, isPods, isMeasured: !isLimited }
      runtime.others.push({ ...other, cpuMilli: isLimited ? 500 : 0, memoryBytes: (isLimited ? 64 : 1) * 2 ** 20 })
      return other.id
    },
    emptyHostDirectory: '/srv/suite',
    eventually: (condition) => clock.until(condition),
    during: async (promise) => {
      const guarded = promise.catch(() => undefined)
      await clock.advance(60_000)
      await guarded
      return promise
    },
    close: async () => undefined,
  }
})

function programOf({ command = [] }: ContainerSpec): FakeProgram {
  const program = JSON.parse(command[0] ?? '{}') as SuiteProgram
  switch (program.does) {
    case 'run':
      return EXEC
    case 'write': {
      const bytes = program.kibibytes * 1024
      return { uses: program.path.startsWith('/v/') ? { volumeBytes: { v: bytes } } : { diskBytes: bytes } }
    }
    case 'spin':
      return { uses: { cores: 1 } }
    case 'ignoreTerm':
      return { onTerm: 'ignore' }
    case 'exit':
      return { exitAfterMs: 10, exitCode: program.exitCode }
    case 'leave':
      return { exitAfterMs: 10, exitCode: 1, terminationMessage: program.message }
    case 'print':
      return { exitAfterMs: 10, output: program.lines.map((line) => `${line}\n`).join('') }
    case 'ask':
      return { talk: (process) => void ask(process) }
    case 'echo':
      return { listen: { port: program.port, serve: (connection) => void echo(connection) } }
    case 'notExist':
      return { startError: 'executable file not found in $PATH' }
  }
}

async function ask(process: FakeProcess): Promise<void> {
  process.print('name? ')
  for await (const name of process.input) {
    process.print(`hello ${Buffer.from(name)}`)
    return process.exit(0)
  }
}

async function echo(connection: FakeProcess): Promise<void> {
  connection.print(await text(connection.input))
  connection.exit(0)
}
