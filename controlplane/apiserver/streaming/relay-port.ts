import { messageOf } from '../../../shared/error-message.ts'
import { PORT_CHANNELS } from '../../../shared/protocol/command-channels.ts'
import type { Stream } from '../../../shared/protocol/stream.ts'
import type { PortClient, PortForwardTarget } from './port-client.ts'

/** Passes on between a client and a port, from both sides' first byte to their last. Never rejects. */
export async function relayPort(target: PortForwardTarget, client: PortClient): Promise<void> {
  try {
    const stream = await target.open(client.port, client.signal)
    void passToPod(client, stream)
    for await (const { channel, data } of stream.input) {
      if (channel === PORT_CHANNELS.fromPod) await client.write(data)
    }
  } catch (why) {
    const message = target.failure(client.port, messageOf(why))
    await client.fail(message).catch(() => {})
  }
  await client.end().catch(() => {})
}

async function passToPod({ input }: PortClient, stream: Stream): Promise<void> {
  try {
    for await (const data of input) await stream.write(PORT_CHANNELS.toPod, data)
    stream.end()
  } catch (error) {
    stream.end(error)
  }
}
