import type { Kind } from '../../shared/api/kinds.ts'
import { configMap, deployment, node, pod } from '../support/sample-objects.ts'
import { anEndpointSlice, aService, someEndpoints } from '../support/service-objects.ts'
import { aClaim, aStorageClass, aVolume } from '../support/storage-objects.ts'

type Json = Record<string, unknown>

/** An object of the kind that the API accepts: what mutations begin with. */
export function sampleBody(kind: Kind, name: string): Json {
  switch (kind.kind) {
    case 'Pod':
      return richPod(name)
    case 'Deployment':
      return deployment(name)
    case 'ReplicaSet':
      return { ...deployment(name), kind: 'ReplicaSet' }
    case 'ConfigMap':
      return { ...configMap(name, { key: 'value', other: 'ü' }), binaryData: { bytes: 'AAEC' } }
    case 'Secret':
      return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { key: 'dmFsdWU=' }, stringData: { a: 'b' } }
    case 'Node':
      return {
        ...node(name),
        spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] },
        status: { capacity: { cpu: '1' } },
      }
    case 'Event':
      return eventOf(name)
    case 'Lease':
      return leaseOf(name)
    case 'PersistentVolume':
      return { apiVersion: 'v1', kind: 'PersistentVolume', ...aVolume(name) }
    case 'PersistentVolumeClaim':
      return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...aClaim(name) }
    case 'StorageClass':
      return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', ...aStorageClass(name) }
    case 'Service':
      return { apiVersion: 'v1', kind: 'Service', ...aService(name) }
    case 'Endpoints':
      return { apiVersion: 'v1', kind: 'Endpoints', ...someEndpoints(name) }
    case 'EndpointSlice':
      return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', ...anEndpointSlice(name) }
    default:
      return { apiVersion: 'v1', kind: kind.kind, metadata: { name, labels: { a: 'b' } } }
  }
}

/** With most of what a Pod can have that is checked by code of its own. */
function richPod(name: string): Json {
  const probe = { httpGet: { path: '/', port: 'web' }, periodSeconds: 5 }
  const container = {
    name: 'c',
    image: 'busybox',
    command: ['sh', '-c', 'sleep 1'],
    ports: [{ name: 'web', containerPort: 80, protocol: 'TCP' }],
    env: [
      { name: 'A', value: 'b' },
      { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    ],
    resources: { requests: { cpu: '100m', memory: '16Mi' }, limits: { cpu: '1' } },
    volumeMounts: [{ name: 'v', mountPath: '/v' }],
    livenessProbe: probe,
  }
  const term = { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }
  const spec = {
    ...pod(name).spec,
    containers: [container],
    volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Gi' } }],
    tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } },
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
  }
  return { ...pod(name), spec }
}

function eventOf(name: string): Json {
  const involvedObject = { kind: 'Pod', namespace: 'default', name: 'x' }
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name },
    involvedObject,
    reason: 'R',
    message: 'm',
    type: 'Normal',
  }
}

function leaseOf(name: string): Json {
  const spec = { holderIdentity: 'h', leaseDurationSeconds: 40, renewTime: '2030-01-01T00:00:00.000000Z' }
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec }
}
