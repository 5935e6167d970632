import { connect } from 'node:net'
import { sleep, systemClock } from '../../shared/clock.ts'

const clock = systemClock()

/** What the first that answers on a port of the machine says; `nobody` where nobody does in half a minute. */
export async function fromMachine(port: number, host = '127.0.0.1', say = 'hello'): Promise<string> {
  for (let tries = 0; tries < 600; tries++) {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, host, () => socket.write(say))
      socket.on('data', (data) => resolve(String(data).trim()))
      socket.on('data', () => socket.destroy())
      socket.on('close', () => resolve(''))
      socket.on('error', () => resolve(''))
    })
    if (answer) return answer
    await sleep(clock, 50)
  }
  return 'nobody'
}
