import type { TerminalSize } from '../../shared/protocol/frames.ts'

export interface ExecResult {
  exitCode: number
  /** Both outputs, cut at 10 kB. */
  output: string
}

/** Which streams of a process are wanted. With a terminal there is no stderr: all output comes as stdout. */
export interface ProcessStreams {
  stdin: boolean
  stdout: boolean
  stderr: boolean
  /** For a container's own process, what it was created with. */
  tty: boolean
}

/** A process whose streams somebody holds. */
export interface ContainerProcess {
  /** Ends with the process's output. For one reader, at whose pace it comes. Throws a RuntimeFailure when the connection breaks. */
  readonly output: AsyncIterable<ProcessOutput>
  /** Resolves when there is room for more; rejects when the process takes no more. */
  write(data: Uint8Array): Promise<void>
  /** The end of stdin. */
  endInput(): void
  /** Only with a terminal. */
  resize(size: TerminalSize): Promise<void>
  /** Lets go of the streams. */
  close(): void
}

export interface ProcessOutput {
  from: 'stdout' | 'stderr'
  data: Uint8Array
}

export interface ExecProcess extends ContainerProcess {
  /** To be asked for when the output has ended. */
  exitCode(): Promise<number>
}

/** A TCP connection. */
export interface PortConnection {
  /** Ends with what the other side sends. For one reader, at whose pace it comes. */
  readonly output: AsyncIterable<Uint8Array>
  write(data: Uint8Array): Promise<void>
  /** Closes this direction. */
  endInput(): void
  /** Closes both. */
  close(): void
}
