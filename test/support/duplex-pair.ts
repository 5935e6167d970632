import { Duplex } from 'node:stream'

/** Two ends of a connection in memory. A chunk that the other end does not take holds up its writer. */
export function duplexPair(): [Duplex, Duplex] {
  const ends: Duplex[] = []
  const end = (other: () => Duplex) => {
    let resume = () => {}
    const made: Duplex & { resumeWriter?: () => void } = new Duplex({
      read: () => (other() as typeof made).resumeWriter?.(),
      write: (chunk, _, done) => {
        resume = done
        if (other().push(chunk)) done()
        else
          made.resumeWriter = () => {
            delete made.resumeWriter
            resume()
          }
      },
      final: (done) => {
        other().push(null)
        done()
      },
      destroy: (error, done) => {
        if (!other().destroyed) other().destroy()
        done(error)
      },
    })
    return made
  }
  ends.push(end(() => ends[1] as Duplex))
  ends.push(end(() => ends[0] as Duplex))
  return ends as [Duplex, Duplex]
}
