import type { SimCluster } from '../../support/sim-cluster.ts'
import type { SimSeams } from '../../support/sim-seams.ts'

/** Logs each container with all that it is made of, its environment too. */
export function logEnvironment({ log }: SimCluster): SimSeams {
  return {
    runtime: (runtime) =>
      new Proxy(runtime, {
        get:
          (target, name: keyof typeof runtime) =>
          (...args: unknown[]) => {
            log.debug({ call: name, args }, 'runtime called')
            return (target[name] as (...args: unknown[]) => unknown).apply(target, args)
          },
      }),
  }
}
