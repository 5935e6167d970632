import { describe, expect, it } from 'vitest'
import { DEPLOYMENTS, PODS, type Pod } from '../../../../shared/api/kinds.ts'
import { testPod, testRegistry } from '../../../support/test-registry.ts'

/** What is right in itself but cannot be had: see the tests of shared/pod-fields. */
const isAboutThisVersion = (cause: string) => /: Forbidden: (this version|Kubette) /.test(cause)

const container = (more: object) => ({ spec: { containers: [{ name: 'main', image: 'busybox:1', ...more }] } })

describe('Pod validation', () => {
  const cases: Record<string, [spec: object, ...causes: string[]]> = {
    'no containers': [{ containers: [] }, 'spec.containers: Required value'],
    'names and images': [
      {
        containers: [{ name: 'a' }, { name: 'a', image: ' b ' }, { name: 'A_1', image: 'c' }, { name: '', image: 'c' }],
      },
      'spec.containers[0].image: Required value',
      'spec.containers[1].image: Invalid value: " b ": must not have leading or trailing whitespace',
      'spec.containers[1].name: Duplicate value: "a"',
      expect.stringMatching(
        /^spec.containers\[2\].name: Invalid value: "A_1": a lowercase RFC 1123 label must consist of/,
      ) as never,
      'spec.containers[3].name: Required value',
    ],
    'init containers': [
      {
        containers: [{ name: 'a', image: 'b' }],
        initContainers: [{ name: 'a', image: 'b', readinessProbe: { exec: { command: ['x'] } } }],
      },
      'spec.initContainers[0].name: Duplicate value: "a"',
      'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
    ports: [
      container({
        ports: [
          { name: 'http', containerPort: 0 },
          { name: 'http', containerPort: 70000, protocol: 'HTTP' },
          { name: '8--0', containerPort: 1, hostPort: 8080 },
          { containerPort: 2, hostPort: 8080 },
        ],
      }).spec,
      'spec.containers[0].ports[0].containerPort: Required value',
      'spec.containers[0].ports[1].name: Duplicate value: "http"',
      'spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.containers[0].ports[1].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
      'spec.containers[0].ports[2].name: Invalid value: "8--0": must contain at least one letter (a-z)',
      'spec.containers[0].ports[2].name: Invalid value: "8--0": must not contain consecutive hyphens',
      'spec.containers[0].ports[3].hostPort: Duplicate value: "TCP//8080"',
    ],
    env: [
      container({
        env: [
          { name: '' },
          { name: 'a=b' },
          { name: 'A', valueFrom: {} },
          { name: 'B', value: 'x', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } },
          { name: 'C', valueFrom: { fieldRef: { fieldPath: 'spec.hostname' } } },
          { name: 'D', valueFrom: { secretKeyRef: { key: '../x' } } },
          { name: 'E', valueFrom: { fieldRef: { fieldPath: 'spec.host' } } },
        ],
        envFrom: [{}],
      }).spec,
      'spec.containers[0].env[0].name: Required value',
      'spec.containers[0].env[1].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
      'spec.containers[0].env[2].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      'spec.containers[0].env[3].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      'spec.containers[0].env[4].valueFrom.fieldRef.fieldPath: Invalid value: "spec.hostname": error converting fieldPath: field label not supported: spec.hostname',
      expect.stringMatching(/env\[5\].valueFrom.secretKeyRef.name: Invalid value: "": a lowercase RFC 1123/) as never,
      expect.stringMatching(
        /env\[5\].valueFrom.secretKeyRef.key: Invalid value: "..\/x": a valid config key must/,
      ) as never,
      'spec.containers[0].env[5].valueFrom.secretKeyRef.key: Invalid value: "../x": must not start with \'..\'',
      'spec.containers[0].envFrom[0]: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
    ],
    resources: [
      container({
        resources: {
          limits: { cpu: '1', memory: '-1', 'x.io/gpu': '1500m', 'x.io/nic': '2', pods: '1', disk: '1' },
          requests: { cpu: '2', 'x.io/nic': '1', 'x.io/other': '1', 'requests.x.io/a': '1' },
        },
      }).spec,
      'spec.containers[0].resources.limits[memory]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.containers[0].resources.limits[x.io/gpu]: Invalid value: "1500m": must be an integer',
      'spec.containers[0].resources.limits[pods]: Invalid value: "pods": must be a standard resource for containers',
      'spec.containers[0].resources.limits[disk]: Invalid value: "disk": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.limits[disk]: Invalid value: "disk": must be a standard resource for containers',
      'spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.containers[0].resources.requests[x.io/gpu]: Invalid value: "1500m": must be an integer',
      'spec.containers[0].resources.requests[pods]: Invalid value: "pods": must be a standard resource for containers',
      'spec.containers[0].resources.requests[disk]: Invalid value: "disk": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[disk]: Invalid value: "disk": must be a standard resource for containers',
      'spec.containers[0].resources.requests[requests.x.io/a]: Invalid value: "requests.x.io/a": doesn\'t follow extended resource name standard',
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      'spec.containers[0].resources.requests: Invalid value: "1": must be equal to x.io/nic limit of 2',
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    ],
    'huge pages': [
      container({ resources: { limits: { 'hugepages-2Mi': '3Mi' } } }).spec,
      'spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      'spec.containers[0].resources: Forbidden: HugePages require cpu or memory',
    ],
    'resize policies': [
      {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'main',
            image: 'busybox:1',
            resizePolicy: [
              { resourceName: 'cpu', restartPolicy: 'Sometimes' },
              { resourceName: 'disk', restartPolicy: 'NotRequired' },
              { resourceName: 'memory', restartPolicy: 'RestartContainer' },
            ],
          },
        ],
        initContainers: [
          { name: 'init', image: 'b', resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] },
        ],
      },
      'spec.containers[0].resizePolicy: Unsupported value: "Sometimes": supported values: "NotRequired", "RestartContainer"',
      "spec.containers[0].resizePolicy: Invalid value: \"Sometimes\": must be 'NotRequired' when `restartPolicy` is 'Never'",
      'spec.containers[0].resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"',
      "spec.containers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when `restartPolicy` is 'Never'",
      'spec.initContainers[0].resizePolicy: Invalid value: [{"resourceName":"cpu","restartPolicy":"NotRequired"}]: must not be set for init containers',
    ],
    probes: [
      container({
        livenessProbe: { exec: {}, tcpSocket: { port: 'HTTP' }, successThreshold: 2, terminationGracePeriodSeconds: 0 },
        readinessProbe: { periodSeconds: -1 },
      }).spec,
      'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
      'spec.containers[0].livenessProbe.exec.command: Required value',
      'spec.containers[0].livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
      'spec.containers[0].readinessProbe: Required value: must specify a handler type',
      'spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
    volumes: [
      {
        volumes: [
          { name: 'a', emptyDir: {}, hostPath: { path: '/x/../y', type: 'Dir' } },
          { name: 'a', secret: { defaultMode: 1000, items: [{ key: '', path: '/etc' }] } },
          { name: 'c', configMap: {} },
        ],
        containers: [
          {
            name: 'main',
            image: 'b',
            volumeMounts: [
              { name: 'a', mountPath: '/a', subPath: '../b' },
              { name: 'z', mountPath: '/a' },
            ],
          },
        ],
      },
      'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
      'spec.volumes[0].hostPath.path: Invalid value: "/x/../y": must not contain \'..\'',
      expect.stringMatching(/^spec.volumes\[0\].hostPath.type: Unsupported value: "Dir"/) as never,
      'spec.volumes[1].name: Duplicate value: "a"',
      'spec.volumes[1].secret.secretName: Required value',
      'spec.volumes[1].secret.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal), both inclusive',
      'spec.volumes[1].secret.items[0].key: Required value',
      'spec.volumes[1].secret.items[0].path: Invalid value: "/etc": must be a relative path',
      'spec.volumes[2].configMap.name: Required value',
      'spec.containers[0].volumeMounts[0].subPath: Invalid value: "../b": must not contain \'..\'',
      'spec.containers[0].volumeMounts[1].name: Not found: "z"',
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
    ],
    references: [
      {
        ...container({
          env: [
            { name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '3' } } },
            { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1m' } } },
            { name: 'C', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '0.001' } } },
            { name: 'D', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a b']" } } },
            { name: 'E', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['x.y/Z']" } } },
          ],
        }).spec,
        volumes: [
          {
            name: 'p',
            projected: {
              sources: [
                { configMap: { name: 'c', items: [{ key: 'k', path: 'a' }] } },
                { secret: { name: 's', items: [{ key: 'k', path: 'a' }] } },
                { downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.name' } }] } },
              ],
            },
          },
        ],
      },
      'spec.volumes[0].projected: Invalid value: "s": conflicting duplicate paths',
      'spec.volumes[0].projected: Invalid value: "a": conflicting duplicate paths',
      'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
      'spec.containers[0].env[1].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource',
      expect.stringMatching(
        /^spec.containers\[0\].env\[3\].valueFrom.fieldRef: Invalid value: "a b": name part must consist of/,
      ) as never,
    ],
    'fields of the Pod': [
      {
        ...container({
          env: [
            { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
            { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v2' } } },
            { name: 'C', valueFrom: { fieldRef: { fieldPath: "status.podIP['a']" } } },
          ],
          envFrom: [{ configMapRef: { name: 'A_' } }, { secretRef: {} }],
        }).spec,
        volumes: [
          {
            name: 'd',
            downwardAPI: {
              items: [
                {
                  path: 'a',
                  fieldRef: { fieldPath: 'metadata.name' },
                  resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' },
                },
                { path: 'b', fieldRef: { fieldPath: 'spec.host' } },
              ],
            },
          },
        ],
      },
      'spec.volumes[0].downwardAPI.items[0]: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously',
      expect.stringMatching(/items\[1\].fieldRef.fieldPath: Unsupported value: "spec.nodeName"/) as never,
      expect.stringMatching(/env\[0\].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels"/) as never,
      'spec.containers[0].env[1].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2',
      "spec.containers[0].env[2].valueFrom.fieldRef.fieldPath: Invalid value: \"status.podIP['a']\": error converting fieldPath: field label does not support subscript: status.podIP['a']",
      expect.stringMatching(/envFrom\[0\].configMapRef.name: Invalid value: "A_": a lowercase RFC 1123/) as never,
      'spec.containers[0].envFrom[1].secretRef.name: Required value',
    ],
    mounts: [
      {
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'd', downwardAPI: { items: [{ path: 'x', resourceFieldRef: { resource: 'limits.cpu' } }] } },
        ],
        containers: [
          {
            name: 'main',
            image: 'b',
            volumeMounts: [
              { name: 'a', mountPath: '/a', mountPropagation: 'Bidirectional' },
              { name: 'a', mountPath: '/b', recursiveReadOnly: 'IfPossible' },
            ],
          },
        ],
      },
      'spec.volumes[1].downwardAPI.items[0].resourceFieldRef.containerName: Required value',
      'spec.containers[0].volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
      'spec.containers[0].volumeMounts[1].recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
    ],
    'the rest': [
      {
        ...testPod('a').spec,
        restartPolicy: 'Sometimes',
        dnsPolicy: 'None',
        activeDeadlineSeconds: 0,
        hostname: 'a.b',
        hostAliases: [{ ip: 'x' }],
        topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'Cry' }],
      },
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Cry": supported values: "DoNotSchedule", "ScheduleAnyway"',
      expect.stringMatching(/^spec.hostname: Invalid value: "a.b": a lowercase RFC 1123 label/) as never,
      'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
      'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
    ],
  }

  it.each(Object.entries(cases))('of %s', async (_, [spec, ...causes]) => {
    const { refusals } = await testRegistry()
    const found = await refusals(PODS, { metadata: { name: 'a' }, spec: spec as Pod['spec'] })
    expect(found.filter((cause) => !isAboutThisVersion(cause))).toEqual(causes)
  })

  it('names what cannot be had, in Pods and templates, and warns of what does nothing', async () => {
    const { refusals, registry } = await testRegistry()
    const spec = { runtimeClassName: 'gvisor', containers: [{ name: 'main', image: 'b' }] }
    const why = 'there are no RuntimeClasses: Pods run in the runtime that Docker is set up with'
    expect(await refusals(PODS, testPod('a', { spec }))).toEqual([`spec.runtimeClassName: Forbidden: ${why}`])
    const labels = { app: 'a' }
    const deployment = {
      metadata: { name: 'd' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    }
    expect(await refusals(DEPLOYMENTS, deployment)).toEqual([`spec.template.spec.runtimeClassName: Forbidden: ${why}`])
    const warnings: string[] = []
    const accepted = testPod('b', container({}))
    accepted.spec.serviceAccountName = 'ci'
    await registry.create(PODS, accepted, { namespace: 'default', warn: (message) => warnings.push(message) })
    expect(warnings).toEqual(['spec.serviceAccountName: there are no ServiceAccounts yet: the Pod gets no token'])
  })

  it('says it all in one message', async () => {
    const { create } = await testRegistry()
    await expect(create(PODS, testPod('a', { spec: { containers: [{ name: 'm' }], dnsPolicy: 'X' } }))).rejects.toThrow(
      'Pod "a" is invalid: [spec.containers[0].image: Required value, spec.dnsPolicy: Unsupported value: "X": ' +
        'supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]',
    )
  })

  it('refuses a value of the wrong type before all else', async () => {
    const { create } = await testRegistry()
    await expect(create(PODS, testPod('a', container({ command: 'sh' })))).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/^Pod in version "v1" cannot be handled as a Pod: spec.containers\[0\].command: /),
    })
  })
})
