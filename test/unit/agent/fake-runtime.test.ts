import type { ContainerSpec } from '../../../agent/runtime/runtime.ts'
import { runtimeContract, type SuiteProgram } from '../../contracts/runtime.ts'
import { type FakeProgram, FakeRuntime } from '../../support/fake-runtime.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const EXEC: FakeProgram = {
  exec: ([command]) => (command === 'quick' ? { exitCode: 3, output: 'hello\n' } : undefined),
}

runtimeContract('the fake', async () => {
  const clock = new VirtualClock()
  const runtime = new FakeRuntime({ clock, program: programOf })
  runtime.pullErrors.set('127.0.0.1:9/none:1', 'connection refused')
  const { id } = runtime.addImage('app:1')
  return {
    runtime,
    image: { reference: 'app:1', id },
    command: (program) => [JSON.stringify(program)],
    exec: { quick: ['quick'], slow: ['slow'] },
    read: async (id, volume, path) => {
      const container = runtime.containers.get(id)
      return container && runtime.volumes.read(container.spec.pod.name, volume)?.[path]
    },
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
    case 'spin':
      return { uses: { cores: 1 } }
    case 'ignoreTerm':
      return { onTerm: 'ignore' }
    case 'exit':
      return { exitAfterMs: 10, exitCode: program.exitCode }
    case 'print':
      return { exitAfterMs: 10, output: program.lines.map((line) => `${line}\n`).join('') }
    case 'notExist':
      return { startError: 'executable file not found in $PATH' }
  }
}
