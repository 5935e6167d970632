import { KUBECTL_VERSIONS, kubectlPath } from './kubectl.ts'

/** Vitest's global set-up: every kubectl is there before the first test needs one. */
export default async function prepareKubectl(): Promise<void> {
  for (const version of KUBECTL_VERSIONS) await kubectlPath(version)
}
