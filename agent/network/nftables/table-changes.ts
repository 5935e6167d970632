import type { Chain, TableChange } from './table.ts'

interface Step<T> {
  readonly before: T | undefined
  after: T | undefined
}

/** Collects what is put into a table and taken out of it; what comes to nothing is left out. */
export class TableChanges {
  readonly #elements = new Map<string, Map<string, Step<string>>>()
  readonly #chains = new Map<string, Step<Chain>>()

  /** `before`: the value that the element has in the table; undefined where it is not there. */
  element(set: string, key: string, before: string | undefined, after: string | undefined): void {
    const steps = this.#elements.get(set) ?? new Map<string, Step<string>>()
    this.#elements.set(set, steps)
    note(steps, key, before, after)
  }

  chain(name: string, before: Chain | undefined, after: Chain | undefined): void {
    note(this.#chains, name, before, after)
  }

  result(): TableChange {
    const chains = [...this.#chains]
    return {
      addedChains: chains.flatMap(([, { before, after }]) => (!before && after ? [after] : [])),
      deletedElements: this.#elementsOf(
        ({ before }) => before !== undefined,
        (key) => key,
      ),
      addedElements: new Map(
        Array.from(
          this.#elementsOf(
            ({ after }) => after !== undefined,
            (key, { after = '' }) => [key, after] as const,
          ),
          ([set, elements]) => [set, new Map(elements)],
        ),
      ),
      deletedChains: chains.flatMap(([name, { before, after }]) => (before && !after ? [name] : [])),
    }
  }

  #elementsOf<T>(
    isMeant: (step: Step<string>) => boolean,
    map: (key: string, step: Step<string>) => T,
  ): Map<string, T[]> {
    const found = new Map<string, T[]>()
    for (const [set, steps] of this.#elements) {
      const meant = [...steps].filter(([, step]) => step.before !== step.after && isMeant(step))
      if (meant.length > 0)
        found.set(
          set,
          meant.map(([key, step]) => map(key, step)),
        )
    }
    return found
  }
}

function note<T>(steps: Map<string, Step<T>>, key: string, before: T | undefined, after: T | undefined): void {
  const step = steps.get(key)
  if (step) step.after = after
  else steps.set(key, { before, after })
}
