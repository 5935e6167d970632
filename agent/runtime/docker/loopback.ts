import { type ExecProcess, type PortConnection, type ProcessOutput, RuntimeFailure } from '../runtime.ts'
import type { Execs } from './execs.ts'
import { CONNECTED, RELAY_PATH } from './programs/relay-program.ts'

/** The relay's exit codes are errnos; a shell's two for a program that cannot be run are none that a connection fails with. */
const REASONS: Readonly<Record<number, string>> = {
  97: 'address family not supported',
  101: 'network is unreachable',
  110: 'connection timed out',
  111: 'connection refused',
  113: 'no route to host',
}
const NOT_THERE = [126, 127]
const NO_RELAY = 'the sandbox of this Pod was made by an older version that cannot do this: only a new Pod can'

/**
 * Connects to the loopback of a sandbox by the relay program that is in its image: nothing of the machine is needed,
 * so it works the same for an agent in a container.
 */
export async function connectToLoopback(
  execs: Execs,
  sandboxId: string,
  port: number,
  signal: AbortSignal,
): Promise<PortConnection> {
  const streams = { stdin: true, stdout: true, stderr: true, tty: false }
  const relay = await execs.open(sandboxId, [RELAY_PATH, String(port)], streams, signal)
  const output = relay.output[Symbol.asyncIterator]()
  const first = await output.next()
  if (first.done || first.value.data[0] !== CONNECTED) throw await failureOf(relay, output)
  return {
    output: bytesOf(first.value.data.subarray(1), output),
    write: async (data) => {
      if (data.byteLength > 0) await relay.write(Buffer.concat([lengthOf(data.byteLength), data]))
    },
    endInput: () => void relay.write(lengthOf(0)).catch(() => {}),
    close: () => relay.close(),
  }
}

/** What it printed instead comes from Docker, which could not run it. */
async function failureOf(relay: ExecProcess, output: AsyncIterator<ProcessOutput>): Promise<RuntimeFailure> {
  while (!(await output.next()).done);
  const code = await relay.exitCode()
  return new RuntimeFailure('failed', NOT_THERE.includes(code) ? NO_RELAY : (REASONS[code] ?? `error ${code}`))
}

async function* bytesOf(first: Uint8Array, output: AsyncIterator<ProcessOutput>): AsyncGenerator<Uint8Array> {
  if (first.byteLength > 0) yield first
  for (let next = await output.next(); !next.done; next = await output.next()) yield next.value.data
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes)
  return length
}
