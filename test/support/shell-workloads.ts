import type { Deployment, DeploymentSpec } from '../../shared/api/generated/apps-v1.ts'
import type { Container, Pod, PodSpec } from '../../shared/api/generated/core-v1.ts'
import { TEST_IMAGE } from './test-image.ts'

/** Runs on until it is killed. */
export const FOREVER = 'exec sleep 1000'

/** A container of the test image that runs a script, named `c` unless told. */
export function shell(script: string, rest: Partial<Container> = {}): Container {
  return { name: 'c', image: TEST_IMAGE, command: ['sh', '-c', script], ...rest }
}

/** A Pod that is killed without grace unless told. */
export function shellPod(name: string, container: string | Container[], spec: Partial<PodSpec> = {}): Pod {
  const containers = typeof container === 'string' ? [shell(container)] : container
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 0, ...spec, containers },
  }
}

/** A Deployment of such Pods. */
export function shellDeployment(
  name: string,
  replicas: number,
  container: string | Container = FOREVER,
  rest: Partial<DeploymentSpec> = {},
): Deployment {
  const { metadata, spec } = shellPod(name, typeof container === 'string' ? container : [container])
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec },
      ...rest,
    },
  }
}
