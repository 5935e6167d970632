import { ApiError, type Status } from '../../../shared/api/api-error.ts'
import { COMMAND_CHANNELS, encodeTerminalSize } from '../../../shared/protocol/command-channels.ts'
import { asApiError } from '../../../shared/protocol/flow-stream.ts'
import type { Stream } from '../../../shared/protocol/stream.ts'
import type { CommandClient } from './command-client.ts'

/** Of what a node says in the end. */
const MOST_STATUS_BYTES = 64 * 1024
const SUCCESS: Status = { metadata: {}, status: 'Success' }

/**
 * Passes on between a client and its node until the command has ended or either of them has gone. What the node has
 * to say in the end reaches the client, whatever it is. Never rejects.
 */
export async function relayCommand(stream: Stream, client: CommandClient): Promise<void> {
  const leave = () => stream.end(new ApiError('ServiceUnavailable', 'the client has gone'))
  client.signal.addEventListener('abort', leave, { once: true })
  void passInput(stream, client).catch(() => {})
  void passSizes(stream, client).catch(() => {})
  try {
    await client.finish(await passOutput(stream, client).catch((error: unknown) => asApiError(error).toStatus()))
  } catch {
    // The client has gone: there is nobody to tell.
  } finally {
    leave()
  }
}

async function passInput(stream: Stream, { stdin }: CommandClient): Promise<void> {
  for await (const data of stdin) await stream.write(COMMAND_CHANNELS.stdin, data)
  await stream.write(COMMAND_CHANNELS.close, Buffer.of(COMMAND_CHANNELS.stdin))
}

async function passSizes(stream: Stream, { sizes }: CommandClient): Promise<void> {
  for await (const size of sizes) await stream.write(COMMAND_CHANNELS.resize, encodeTerminalSize(size))
}

/** Resolves to how the command ended. */
async function passOutput(stream: Stream, client: CommandClient): Promise<Status> {
  let status = Buffer.alloc(0)
  for await (const { channel, data } of stream.input) {
    if (channel === COMMAND_CHANNELS.stdout) await client.write('stdout', data)
    else if (channel === COMMAND_CHANNELS.stderr) await client.write('stderr', data)
    else if (channel === COMMAND_CHANNELS.status) status = Buffer.concat([status, data]).subarray(0, MOST_STATUS_BYTES)
  }
  return status.length === 0 ? SUCCESS : (JSON.parse(status.toString()) as Status)
}
