import type {
  Container,
  ContainerRestartRule,
  EmptyDirVolumeSource,
  EnvVarSource,
  EphemeralContainer,
  Lifecycle,
  LifecycleHandler,
  Probe,
  ResourceRequirements,
  VolumeMount,
} from '../api/generated/core-v1.ts'
import { isHugePages } from '../resource-names.ts'
import { type FieldSupport, honoured, refused, refusedIf, warnedIf } from './field-support.ts'

export const containerSupport: Record<keyof Container, FieldSupport> = {
  args: honoured,
  command: honoured,
  env: honoured,
  envFrom: honoured,
  image: honoured,
  imagePullPolicy: honoured,
  lifecycle: honoured,
  livenessProbe: honoured,
  name: honoured,
  ports: honoured,
  readinessProbe: honoured,
  resizePolicy: honoured,
  resources: honoured,
  restartPolicy: honoured,
  restartPolicyRules: honoured,
  securityContext: honoured,
  startupProbe: honoured,
  stdin: honoured,
  stdinOnce: honoured,
  terminationMessagePath: honoured,
  terminationMessagePolicy: honoured,
  tty: honoured,
  volumeDevices: refused('this version has no raw block volumes'),
  volumeMounts: honoured,
  workingDir: honoured,
}

export const ephemeralContainerSupport: Record<keyof EphemeralContainer, FieldSupport> = {
  ...containerSupport,
  targetContainerName: honoured,
}

export const lifecycleSupport: Record<keyof Lifecycle, FieldSupport> = {
  postStart: honoured,
  preStop: honoured,
  stopSignal: honoured,
}

export const lifecycleHandlerSupport: Record<keyof LifecycleHandler, FieldSupport> = {
  exec: honoured,
  httpGet: honoured,
  sleep: honoured,
  tcpSocket: warnedIf(
    'at all',
    () => true,
    'Kubernetes keeps it for compatibility only: such a hook fails when it runs',
  ),
}

export const restartRuleSupport: Record<keyof ContainerRestartRule, FieldSupport> = {
  action: refusedIf(
    'RestartAllContainers',
    (action: string) => action === 'RestartAllContainers',
    'this version restarts containers one by one',
  ),
  exitCodes: honoured,
}

export const probeSupport: Record<keyof Probe, FieldSupport> = {
  exec: honoured,
  failureThreshold: honoured,
  grpc: honoured,
  httpGet: honoured,
  initialDelaySeconds: honoured,
  periodSeconds: honoured,
  successThreshold: honoured,
  tcpSocket: honoured,
  terminationGracePeriodSeconds: honoured,
  timeoutSeconds: honoured,
}

export const envVarSourceSupport: Record<keyof EnvVarSource, FieldSupport> = {
  configMapKeyRef: honoured,
  fieldRef: honoured,
  fileKeyRef: refused('this version reads no environment from files of volumes'),
  resourceFieldRef: honoured,
  secretKeyRef: honoured,
}

export const resourcesSupport: Record<keyof ResourceRequirements, FieldSupport> = {
  claims: refused('there are no ResourceClaims'),
  limits: refusedIf('huge pages', hasHugePages, 'this version has no huge pages'),
  requests: refusedIf('huge pages', hasHugePages, 'this version has no huge pages'),
}

export const emptyDirSupport: Record<keyof EmptyDirVolumeSource, FieldSupport> = {
  medium: refusedIf('huge pages', (medium: string) => medium !== 'Memory', 'this version has no huge pages'),
  sizeLimit: honoured,
}

export const volumeMountSupport: Record<keyof VolumeMount, FieldSupport> = {
  mountPath: honoured,
  mountPropagation: honoured,
  name: honoured,
  readOnly: honoured,
  recursiveReadOnly: refusedIf('Enabled', (mode: string) => mode === 'Enabled', 'Docker older than 25 cannot do it'),
  subPath: honoured,
  subPathExpr: honoured,
}

function hasHugePages(amounts: Record<string, string>): boolean {
  return Object.keys(amounts).some(isHugePages)
}
