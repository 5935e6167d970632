import type {
  ContainerSpec,
  ContainerState,
  PodIdentity,
  SandboxSpec,
  SandboxState,
} from '../../agent/runtime/runtime.ts'
import type { RuntimeHarness, SuiteProgram } from './runtime-harness.ts'

/** The suite's ways to make what a test needs; all of the newest Pod. */
export interface RuntimeSuite {
  harness(): RuntimeHarness
  pod(): PodIdentity
  sandbox(more?: Partial<SandboxSpec>): Promise<SandboxState>
  create(sandboxId: string, program: SuiteProgram, more?: Partial<ContainerSpec>): Promise<string>
  start(program: SuiteProgram, more?: Partial<ContainerSpec>): Promise<string>
  get(id: string): Promise<ContainerState | undefined>
  exited(id: string): Promise<void>
}
