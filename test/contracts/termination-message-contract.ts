import { expect, it } from 'vitest'
import type { ContainerSpec, Runtime, SandboxState } from '../../agent/runtime/runtime.ts'
import type { SuiteProgram } from './runtime-harness.ts'

export interface TerminationMessageSuite {
  runtime(): Runtime
  sandbox(): Promise<SandboxState>
  create(sandboxId: string, program: SuiteProgram, more: Partial<ContainerSpec>): Promise<string>
  exited(id: string): Promise<void>
}

/** Part of what holds for every Runtime. */
export function terminationMessageContract({ runtime, sandbox, create, exited }: TerminationMessageSuite): void {
  it('gives what a container left as its last words, each instance its own', async () => {
    const { signal } = new AbortController()
    const { id: sandboxId } = await sandbox()
    const lastWords = async (program: SuiteProgram, path: string, more: Partial<ContainerSpec> = {}) => {
      const id = await create(sandboxId, program, { terminationMessage: { path, file: 0 }, ...more })
      await runtime().startContainer(id)
      await exited(id)
      return runtime().terminationMessage(id, signal)
    }
    const usual = '/dev/termination-log'
    expect(await lastWords({ does: 'leave', message: 'out of luck', path: usual }, usual)).toBe('out of luck')
    expect(await lastWords({ does: 'exit', exitCode: 1 }, usual, { restartCount: 1 })).toBe('')
    const path = '/tmp/words'
    const long = { does: 'leave', message: `${'x'.repeat(5000)}end`, path } as const
    const other = { name: 'side', terminationMessage: { path, file: 40 } }
    expect(await lastWords(long, path, other)).toBe(`${'x'.repeat(4093)}end`)
    expect(await runtime().terminationMessage('nothing', signal)).toBeUndefined()
  })
}
