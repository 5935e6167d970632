/** Small objects that the API accepts. */
export function configMap(name: string, data: Record<string, string> = { a: 'b' }) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
}

export function pod(name: string, containers: string[] = ['c']) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: { containers: containers.map((container) => ({ name: container, image: 'busybox' })) },
  }
}

export function deployment(name: string, replicas = 2) {
  const labels = { app: name }
  const template = { metadata: { labels }, spec: pod(name).spec }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: { replicas, selector: { matchLabels: labels }, template },
  }
}

export function node(name: string) {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name } }
}
