import type { Status } from '../../shared/api/api-error.ts'
import { ApiError } from '../../shared/api/api-error.ts'
import { messageOf } from '../../shared/error-message.ts'
import { COMMAND_CHANNELS, TerminalSizeReader } from '../../shared/protocol/command-channels.ts'
import type { Stream } from '../../shared/protocol/stream.ts'
import type { ContainerProcess, ExecProcess } from '../runtime/runtime.ts'

/** Joins a process and a stream until either ends; a stream that ends first lets go of the process. Never rejects. */
export async function serveProcess(process: ContainerProcess | ExecProcess, stream: Stream): Promise<void> {
  const letGo = () => process.close()
  stream.signal.addEventListener('abort', letGo, { once: true })
  if (stream.signal.aborted) letGo()
  void passInput(stream, process).catch(() => {})
  try {
    for await (const { from, data } of process.output) await stream.write(COMMAND_CHANNELS[from], data)
    const status = 'exitCode' in process ? exitStatus(await process.exitCode()) : SUCCESS
    await stream.write(COMMAND_CHANNELS.status, Buffer.from(JSON.stringify(status)))
    stream.end()
  } catch (error) {
    stream.end(new ApiError('InternalError', messageOf(error)))
  } finally {
    letGo()
  }
}

/** What a process takes no more is let go, so that sizes still come through. */
async function passInput(stream: Stream, process: ContainerProcess): Promise<void> {
  const sizes = new TerminalSizeReader()
  let isOpen = true
  for await (const { channel, data } of stream.input) {
    if (channel === COMMAND_CHANNELS.stdin && isOpen) {
      isOpen = await process.write(data).then(
        () => true,
        () => false,
      )
    } else if (channel === COMMAND_CHANNELS.close && data.includes(COMMAND_CHANNELS.stdin)) {
      process.endInput()
      isOpen = false
    } else if (channel === COMMAND_CHANNELS.resize) {
      // One that has just ended cannot be resized.
      for (const size of sizes.read(data)) await process.resize(size).catch(() => {})
    }
  }
}

const SUCCESS: Status = { metadata: {}, status: 'Success' }

/** As kubectl takes an exit code from it. */
function exitStatus(exitCode: number): Status {
  if (exitCode === 0) return SUCCESS
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}
