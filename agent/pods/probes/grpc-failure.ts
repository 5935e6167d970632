import type { GrpcHealth } from '../handlers/grpc-health.ts'

const UNIMPLEMENTED = 12

/** gRPC's codes by their numbers, as its Go library names them. */
const CODES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]

/** Why a health check counts as failed, in the kubelet's words; undefined for a service that serves. */
export function grpcFailure({ code, message, status }: GrpcHealth): string | undefined {
  if (code === UNIMPLEMENTED) {
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`
  }
  if (code !== 0) {
    return `error: health rpc probe failed: rpc error: code = ${CODES[code] ?? `Code(${code})`} desc = ${message}`
  }
  return status === 'SERVING' ? undefined : `service unhealthy (responded with "${status}")`
}
