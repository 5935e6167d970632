import type { PodNetwork } from '../../agent/network/pod-network.ts'
import type { Runtime } from '../../agent/runtime/runtime.ts'

/** What a container of the suite does. */
export type SuiteProgram =
  | { does: 'run' }
  | { does: 'ignoreTerm' }
  /** Keeps a processor busy, or a good part of it. */
  | { does: 'spin' }
  /** Fills a file, and runs on. */
  | { does: 'write'; path: string; kibibytes: number }
  | { does: 'exit'; exitCode: number }
  /** Writes a termination message to a path, and fails. */
  | { does: 'leave'; message: string; path: string }
  /** One line after the other, and then it ends. */
  | { does: 'print'; lines: string[] }
  /** Asks `name? `, without a line feed, and answers `hello NAME`, with one, to whoever tells it. */
  | { does: 'ask' }
  /** Listens on a port, and sends back what it has got when that has ended. */
  | { does: 'echo'; port: number }
  | { does: 'notExist' }

export interface RuntimeHarness {
  runtime: Runtime
  /** That the runtime was given, with 256 addresses. */
  network: PodNetwork
  /** One that is here, and has a shell if commands are real. */
  image: { reference: string; id: string }
  /** The command that makes a container do so. */
  command(program: SuiteProgram): string[]
  /** Commands for exec: one that prints `hello` and exits with 3, and one that takes longer than a second. */
  exec: { quick: string[]; slow: string[] }
  /** The text of a file in a running container that mounts `volume` at `/volume`. */
  read(containerId: string, volume: string, path: string): Promise<string | undefined>
  /**
   * Commands for interactive exec: one that prints `out` and `err` to the two outputs, then all of its input when that
   * has ended, and exits with 7; and one that waits for a line and prints its terminal's `HEIGHT WIDTH` then.
   */
  interactive: { talk: string[]; terminal: string[] }
  /** Starts a container of nobody's, or one of another node; with half a processor and 64 MiB where it is limited. */
  runOther(more: { isPods: boolean; isLimited: boolean }): Promise<string>
  /** An existing directory of the machine with nothing in it. */
  emptyHostDirectory: string
  /** Resolves when it holds; throws if it does not before long. */
  eventually(condition: () => Promise<boolean> | boolean): Promise<void>
  /** Lets time pass while a promise is waited for. */
  during<T>(promise: Promise<T>): Promise<T>
  close(): Promise<void>
}
