import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEnvelope, decodeMessage, ProtobufError } from '../../../../shared/api/protobuf.ts'
import { encodeMessage, encodeProtobuf } from '../../../support/encode-protobuf.ts'

const deployment = {
  metadata: {
    name: 'web',
    labels: { app: 'web', __proto__x: '' },
    creationTimestamp: '2030-01-01T00:00:00Z',
    managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:spec': {} }, time: '2030-01-01T00:00:00Z' }],
  },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'web' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
    template: {
      spec: {
        terminationGracePeriodSeconds: 0,
        securityContext: { runAsUser: 0, supplementalGroups: [1, 2, 3] },
        containers: [
          {
            name: 'c',
            args: ['', 'x'],
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            resources: { requests: { cpu: '100m' } },
            livenessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 3 },
            env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: false } } }],
          },
        ],
        volumes: [
          { name: 'v', configMap: { name: 'cm', items: [{ key: 'a', path: 'b' }] } },
          { name: 'e', emptyDir: {} },
        ],
      },
    },
  },
}

describe('protobuf', () => {
  it('reads a Deployment, embedded structs, zero values and all', () => {
    const envelope = decodeEnvelope(encodeProtobuf('apps/v1', 'Deployment', 'apps.v1.Deployment', deployment))
    expect(envelope).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment' })
    expect(plain(decodeMessage('apps.v1.Deployment', envelope.raw))).toEqual(deployment)
  })

  it('reads what a client writes of a Service and its endpoints', () => {
    const service = {
      spec: {
        ports: [
          { name: 'http', protocol: 'TCP', port: 80, targetPort: 'web' },
          { name: 'dns', protocol: 'UDP', port: 53, targetPort: 5353, nodePort: 30_053, appProtocol: 'x/y' },
        ],
        selector: { app: 'web' },
        type: 'LoadBalancer',
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        ipFamilyPolicy: 'SingleStack',
        allocateLoadBalancerNodePorts: false,
      },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } },
    }
    expect(plain(decodeMessage('core.v1.Service', encodeMessage('core.v1.Service', service)))).toEqual(service)
    const slice = {
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['10.42.0.5'], conditions: { ready: false, serving: true, terminating: true }, nodeName: 'n1' },
      ],
      ports: [{ name: '', protocol: 'TCP', port: 80 }],
    }
    const read = decodeMessage('discovery.v1.EndpointSlice', encodeMessage('discovery.v1.EndpointSlice', slice))
    expect(plain(read)).toEqual(slice)
  })

  it('keeps microseconds', () => {
    const lease = { spec: { holderIdentity: 'n1', renewTime: '2030-01-01T00:00:00.123456Z' } }
    expect(decodeMessage('coordination.v1.Lease', encodeMessage('coordination.v1.Lease', lease))).toEqual(lease)
  })

  it('reads binary data as base64', () => {
    const secret = { data: { a: Buffer.from([0, 255]).toString('base64'), b: '' }, type: 'Opaque' }
    const read = decodeMessage('core.v1.Secret', encodeMessage('core.v1.Secret', secret))
    expect(plain(read)).toEqual(secret)
  })

  it('reads lists of numbers packed together', () => {
    const packed = Buffer.from([0x22, 0x03, 1, 2, 3])
    expect(decodeMessage('core.v1.PodSecurityContext', packed)).toEqual({ supplementalGroups: [1, 2, 3] })
  })

  it('takes a map key like __proto__ as data', () => {
    const bytes = encodeMessage('core.v1.ConfigMap', { data: Object.fromEntries([['__proto__', 'x']]) })
    const { data } = decodeMessage('core.v1.ConfigMap', bytes)
    expect(Object.entries(data as object)).toEqual([['__proto__', 'x']])
  })

  it('skips fields that the schema does not know', () => {
    expect(decodeMessage('core.v1.ConfigMap', Buffer.from([0xf8, 0x06, 1, 0xfa, 0x06, 1, 65]))).toEqual({})
  })

  it.each([
    ['no prefix', Buffer.from('{"kind":"Pod"}')],
    ['nothing', Buffer.alloc(0)],
    ['a broken envelope', Buffer.from('k8s\0\x0a\xff')],
  ])('refuses %s', (_, bytes) => expect(() => decodeEnvelope(bytes)).toThrow(ProtobufError))

  it('refuses a field of the wrong wire type', () => {
    expect(() => decodeMessage('core.v1.ConfigMap', Buffer.from([0x08, 1]))).toThrow(/wire type/)
  })

  it('does not follow groups, however deep they nest', () => {
    const groups = Buffer.concat([Buffer.from('k8s\0'), Buffer.alloc(1_000_000, 0x0b)])
    expect(() => decodeEnvelope(groups)).toThrow('groups are not read')
  })

  it('never fails but with a ProtobufError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeMessage('core.v1.Pod', bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError)
        }
      }),
      { numRuns: 500 },
    )
  })
})

/** Maps come without a prototype, which toEqual minds. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value))
}
