import type { PodOS, PodSpec, Volume, VolumeProjection } from '../api/generated/core-v1.ts'
import { type FieldSupport, honoured, refused, refusedIf, warnedIf } from './field-support.ts'

const NO_CLAIMS = 'there are no ResourceClaims'
const NO_ACCOUNTS = 'there are no ServiceAccounts yet: the Pod gets no token'

export const podSpecSupport: Record<keyof PodSpec, FieldSupport> = {
  activeDeadlineSeconds: honoured,
  affinity: honoured,
  automountServiceAccountToken: warnedIf('true', (value) => value === true, NO_ACCOUNTS),
  containers: honoured,
  dnsConfig: honoured,
  dnsPolicy: honoured,
  enableServiceLinks: honoured,
  ephemeralContainers: honoured,
  hostAliases: honoured,
  hostIPC: honoured,
  hostNetwork: honoured,
  hostPID: honoured,
  hostUsers: refusedIf('false', (value) => value === false, 'Docker has one user namespace for all its containers'),
  hostname: honoured,
  hostnameOverride: honoured,
  imagePullSecrets: honoured,
  initContainers: honoured,
  nodeName: honoured,
  nodeSelector: honoured,
  os: honoured,
  overhead: refused('it belongs to a RuntimeClass, and there are none'),
  preemptionPolicy: honoured,
  priority: honoured,
  priorityClassName: honoured,
  readinessGates: honoured,
  resourceClaims: refused(NO_CLAIMS),
  resources: refusedIf(
    'with requests or limits',
    (value: PodSpec['resources']) => isFilled(value?.limits) || isFilled(value?.requests) || isFilled(value?.claims),
    'this version knows resources of containers only',
  ),
  restartPolicy: honoured,
  runtimeClassName: refused('there are no RuntimeClasses: Pods run in the runtime that Docker is set up with'),
  schedulerName: honoured,
  schedulingGates: honoured,
  schedulingGroup: refused('there are no PodGroups'),
  securityContext: honoured,
  serviceAccount: honoured,
  serviceAccountName: warnedIf('other than default', (name: string) => name !== 'default', NO_ACCOUNTS),
  setHostnameAsFQDN: honoured,
  shareProcessNamespace: honoured,
  subdomain: honoured,
  terminationGracePeriodSeconds: honoured,
  tolerations: honoured,
  topologySpreadConstraints: honoured,
  volumes: honoured,
}

export const podOsSupport: Record<keyof PodOS, FieldSupport> = {
  name: refusedIf('other than linux', (name: string) => name !== 'linux', 'all nodes run Linux'),
}

const OUTSIDE = 'Kubette has no driver for storage outside a node'

export const volumeSupport: Record<keyof Volume, FieldSupport> = {
  awsElasticBlockStore: refused(OUTSIDE),
  azureDisk: refused(OUTSIDE),
  azureFile: refused(OUTSIDE),
  cephfs: refused(OUTSIDE),
  cinder: refused(OUTSIDE),
  configMap: honoured,
  csi: refused(OUTSIDE),
  downwardAPI: honoured,
  emptyDir: honoured,
  ephemeral: honoured,
  fc: refused(OUTSIDE),
  flexVolume: refused(OUTSIDE),
  flocker: refused(OUTSIDE),
  gcePersistentDisk: refused(OUTSIDE),
  gitRepo: refused('Kubernetes has taken it out; clone in an init container instead'),
  glusterfs: refused(OUTSIDE),
  hostPath: honoured,
  image: refused('Docker older than 28 cannot mount an image'),
  iscsi: refused(OUTSIDE),
  name: honoured,
  nfs: refused(OUTSIDE),
  persistentVolumeClaim: honoured,
  photonPersistentDisk: refused(OUTSIDE),
  portworxVolume: refused(OUTSIDE),
  projected: honoured,
  quobyte: refused(OUTSIDE),
  rbd: refused(OUTSIDE),
  scaleIO: refused(OUTSIDE),
  secret: honoured,
  storageos: refused(OUTSIDE),
  vsphereVolume: refused(OUTSIDE),
}

const NO_TOKENS = 'there are no ServiceAccounts yet, and so no tokens'

export const volumeProjectionSupport: Record<keyof VolumeProjection, FieldSupport> = {
  clusterTrustBundle: refused('there are no ClusterTrustBundles'),
  configMap: honoured,
  downwardAPI: honoured,
  podCertificate: refused('there are no PodCertificateRequests'),
  secret: honoured,
  serviceAccountToken: refused(NO_TOKENS),
}

function isFilled(value: object | undefined): boolean {
  return value !== undefined && Object.keys(value).length > 0
}
