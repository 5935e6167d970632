import { isFailure } from './docker-failure.ts'

/** The kubelet's for sandboxes: a Pod's address must not go before its containers, nor the node's network. */
const OOM_SCORE_ADJ = -998

/**
 * Whether this Docker can protect processes from the kernel's OOM killer. One without all of root's rights cannot, and says
 * so in words of its own: what failed is tried without, and what then works shows how it is.
 */
export class OomProtection {
  #oomScoreAdj = OOM_SCORE_ADJ
  #isProven = false
  /** Settles when the container that tries it out is through. */
  #trial: Promise<unknown> | undefined

  /**
   * Runs a container of our own with the score that it can have. Until that is known, one tries and the others wait: a
   * start that fails costs as much. `run` resolves when the container runs, and leaves nothing when it rejects.
   */
  async run<T>(run: (oomScoreAdj: number) => Promise<T>): Promise<T> {
    while (this.#trial) await this.#trial
    if (this.#isProven) return run(this.#oomScoreAdj)
    const trial = this.#tryOut(run)
    this.#trial = Promise.allSettled([trial]).then(() => {
      this.#trial = undefined
    })
    return trial
  }

  async #tryOut<T>(run: (oomScoreAdj: number) => Promise<T>): Promise<T> {
    try {
      return await this.#prove(run, OOM_SCORE_ADJ)
    } catch (error) {
      // These say that there is something else.
      if (isFailure(error, 'notFound', 'conflict')) throw error
      return this.#prove(run, 0)
    }
  }

  async #prove<T>(run: (oomScoreAdj: number) => Promise<T>, oomScoreAdj: number): Promise<T> {
    const result = await run(oomScoreAdj)
    this.#oomScoreAdj = oomScoreAdj
    this.#isProven = true
    return result
  }
}
