import type { ChainedFrame } from '../../shared/protocol/network-frames.ts'

/**
 * What became of a frame: `whole` gives all frames of a change that is to be applied now, `partial` waits for the rest of
 * it, a `gap` cannot be closed without all anew, and what comes until then is of no `use`.
 */
export type Chained<Frame> =
  | { kind: 'whole'; frames: readonly Frame[] }
  | { kind: 'partial' }
  | { kind: 'gap' }
  | { kind: 'useless' }

/** Follows chained frames: all anew replaces what is held, changes move it on, and a gap between them is found. */
export class FrameChain<Frame extends ChainedFrame> {
  #version = 0
  /** The first frames of a change that is not all here yet. */
  #parts: Frame[] = []
  #isLost = false

  /** Of what is held; 0 until the first complete set. */
  get version(): number {
    return this.#version
  }

  add(frame: Frame): Chained<Frame> {
    // What was under way when all was asked for anew cannot be used.
    if (this.#isLost && frame.mode !== 'complete') return { kind: 'useless' }
    this.#isLost = !this.#continues(frame)
    if (this.#isLost) {
      this.#parts = []
      return { kind: 'gap' }
    }
    this.#parts.push(frame)
    if (frame.more) return { kind: 'partial' }
    this.#version = frame.resultsIn
    const frames = this.#parts
    this.#parts = []
    return { kind: 'whole', frames }
  }

  /** The connection is gone, and with it the rest of a change that was under way. */
  disconnected(): void {
    this.#parts = []
    this.#isLost = false
  }

  /** True for the next part of the change under way, or for one that may begin now. */
  #continues(frame: Frame): boolean {
    const [first] = this.#parts
    if (first) return first.mode === frame.mode && first.resultsIn === frame.resultsIn
    return frame.mode === 'complete' || (this.#version !== 0 && frame.appliesTo === this.#version)
  }
}
