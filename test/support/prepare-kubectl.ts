import { KUBECTL_VERSIONS, kubectlPath, OLD_KUBECTL_VERSION } from './kubectl.ts'

/** Vitest's global set-up: every kubectl is there before the first test needs one. */
export default async function prepareKubectl(): Promise<void> {
  await Promise.all([...KUBECTL_VERSIONS, OLD_KUBECTL_VERSION].map(kubectlPath))
}
