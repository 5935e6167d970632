import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConfigMap, Pod, Secret } from '../../shared/api/generated/core-v1.ts'
import { documented } from '../support/documented-pod.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { FOREVER, shell, shellPod } from '../support/shell-workloads.ts'
import { loadTestImage } from '../support/test-image.ts'

const up = new UpProcess(await freePort())
const user = new KubectlUser(up.kubeconfig)
const folder = await mkdtemp(join(tmpdir(), 'kubette-host-path-'))

beforeAll(async () => {
  await loadTestImage()
  await up.start('--no-example', '--nodes', '2')
  await user.apply(settings, login, claim)
})
afterAll(async () => {
  await up.destroy()
  await rm(folder, { recursive: true })
})

const settings: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { 'log.level': 'debug', color: 'blue' },
}
const login: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'login' },
  stringData: { user: 'admin', '.hidden': 'really' },
}
const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Mi' } } },
}
const fieldEnv = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })
const resourceEnv = (name: string, resource: string, divisor?: string) => ({
  name,
  valueFrom: { resourceFieldRef: { resource, ...(divisor ? { divisor } : {}) } },
})
const mount = (mountPath: string, name = 'v') => ({ name, mountPath })

/** What the Kubernetes documentation says of a Pod, seen from inside: each is applied and must come to Succeeded. */
const PODS = [
  // What follows `sh -c SCRIPT` are the script's own arguments.
  documented('command-and-args', `is "$0 $1 $2" "one two blue"\nis "$3 $4" '$'"(COLOR) "'$'"(NOBODY)"`, {
    container: {
      args: ['one', 'two', '$(COLOR)', '$$(COLOR)', '$(NOBODY)'],
      env: [{ name: 'COLOR', value: 'blue' }],
      workingDir: '/tmp',
    },
  }),
  documented('dependent-variables', `is "$URL" "http://web:80"\nis "$EARLY" '$'"(LATE)"`, {
    container: {
      env: [
        { name: 'HOST', value: 'web:80' },
        { name: 'URL', value: 'http://$(HOST)' },
        { name: 'EARLY', value: '$(LATE)' },
        { name: 'LATE', value: 'x' },
      ],
    },
  }),
  documented(
    'downward-variables',
    `is "$NAME $NAMESPACE $LABEL $NOTE" "downward-variables default here kept"
     is "$(hostname)" "$NAME"
     ip addr | grep -q "inet $IP/"
     [ -n "$NODE" ] && [ -n "$HOST_IP" ] && [ -n "$ID" ]
     is "$CPU $CPU_MILLI $MEMORY $MEMORY_KI" "1 200 33554432 32768"`,
    {
      metadata: { labels: { tier: 'here' }, annotations: { note: 'kept' } },
      container: {
        resources: { requests: { cpu: '100m', memory: '32Mi' }, limits: { cpu: '200m', memory: '32Mi' } },
        env: [
          fieldEnv('NAME', 'metadata.name'),
          fieldEnv('NAMESPACE', 'metadata.namespace'),
          fieldEnv('ID', 'metadata.uid'),
          fieldEnv('LABEL', "metadata.labels['tier']"),
          fieldEnv('NOTE', "metadata.annotations['note']"),
          fieldEnv('NODE', 'spec.nodeName'),
          fieldEnv('IP', 'status.podIP'),
          fieldEnv('HOST_IP', 'status.hostIP'),
          resourceEnv('CPU', 'limits.cpu'),
          resourceEnv('CPU_MILLI', 'limits.cpu', '1m'),
          resourceEnv('MEMORY', 'requests.memory'),
          resourceEnv('MEMORY_KI', 'limits.memory', '1Ki'),
        ],
      },
    },
  ),
  documented(
    'config-variables',
    `is "$LEVEL $MY_color $user" "debug blue admin"
     is "\${NOTHING-unset}" unset`,
    {
      container: {
        env: [
          { name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'settings', key: 'log.level' } } },
          { name: 'NOTHING', valueFrom: { configMapKeyRef: { name: 'settings', key: 'nothing', optional: true } } },
        ],
        envFrom: [
          { prefix: 'MY_', configMapRef: { name: 'settings' } },
          { secretRef: { name: 'login' } },
          { configMapRef: { name: 'absent', optional: true } },
        ],
      },
    },
  ),
  documented(
    'config-files',
    `is "$(cat /all/color /all/log.level)" bluedebug
     is "$(ls /one)" level.txt
     is "$(stat -L -c %a /one/level.txt) $(stat -L -c %a /all/color)" "400 644"
     is "$(ls /absent)" ""
     if echo x 2>/dev/null > /all/color; then false; fi`,
    {
      container: { volumeMounts: [mount('/all', 'all'), mount('/one', 'one'), mount('/absent', 'absent')] },
      spec: {
        volumes: [
          { name: 'all', configMap: { name: 'settings' } },
          {
            name: 'one',
            configMap: { name: 'settings', items: [{ key: 'log.level', path: 'level.txt', mode: 0o400 }] },
          },
          { name: 'absent', configMap: { name: 'absent', optional: true } },
        ],
      },
    },
  ),
  documented(
    'secret-files',
    `is "$(cat /v/user /v/.hidden)" adminreally
     is "$(stat -L -c %a /v/user)" 400
     grep " /v " /proc/mounts | grep -q tmpfs`,
    {
      container: { volumeMounts: [mount('/v')] },
      spec: { volumes: [{ name: 'v', secret: { secretName: 'login', defaultMode: 0o400 } }] },
    },
  ),
  documented(
    'projected-files',
    `is "$(cat /v/a/user /v/color)" adminblue
     is "$(cat /v/labels)" 'app="x"'
     is "$(cat /v/cpu)" 500`,
    {
      metadata: { labels: { app: 'x' } },
      container: { volumeMounts: [mount('/v')], resources: { limits: { cpu: '500m' } } },
      spec: {
        volumes: [
          {
            name: 'v',
            projected: {
              sources: [
                { secret: { name: 'login', items: [{ key: 'user', path: 'a/user' }] } },
                { configMap: { name: 'settings', items: [{ key: 'color', path: 'color' }] } },
                {
                  downwardAPI: {
                    items: [
                      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
                      {
                        path: 'cpu',
                        resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' },
                      },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ),
  documented('shared-volume', 'until grep -q done /v/word 2>/dev/null; do sleep 0.1; done', {
    container: { volumeMounts: [mount('/v')] },
    spec: {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [shell('echo done > /w/word', { name: 'writer', volumeMounts: [mount('/w')] })],
    },
  }),
  documented('memory-volume', 'grep " /v " /proc/mounts | grep tmpfs | grep -q size=4096k', {
    container: { volumeMounts: [mount('/v')] },
    spec: { volumes: [{ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '4Mi' } }] },
  }),
  documented('init-containers', `is "$(tr '\\n' ' ' < /v/log)" "first second "`, {
    container: { volumeMounts: [mount('/v')] },
    spec: {
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers: ['first', 'second'].map((name) =>
        shell(`echo ${name} >> /v/log`, { name, volumeMounts: [mount('/v')] }),
      ),
    },
  }),
  documented('sidecar', 'until grep -q line /v/log; do sleep 0.1; done', {
    container: { volumeMounts: [mount('/v')] },
    spec: {
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers: [
        shell('while sleep 0.2; do echo line >> /v/log; done', {
          name: 'logger',
          restartPolicy: 'Always',
          volumeMounts: [mount('/v')],
        }),
      ],
    },
  }),
  documented(
    'user-and-groups',
    `is "$(id -u) $(id -g)" "1000 3000"
     id -G | grep -qw 4000
     id -G | grep -qw 2000
     touch /v/file
     is "$(stat -c '%u %g' /v/file)" "1000 2000"`,
    {
      container: { volumeMounts: [mount('/v')] },
      spec: {
        securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000] },
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
  ),
  documented(
    'service-variables',
    'test -n "$KUBERNETES_SERVICE_HOST"\nis "$KUBERNETES_PORT_443_TCP" "tcp://$KUBERNETES_SERVICE_HOST:443"',
    { spec: { enableServiceLinks: false } },
  ),
  documented('no-capabilities', 'grep -q "^CapEff:.0000000000000400$" /proc/self/status', {
    container: { securityContext: { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } } },
  }),
  documented('no-new-privileges', 'grep -q "^NoNewPrivs:.1$" /proc/self/status', {
    container: { securityContext: { allowPrivilegeEscalation: false, seccompProfile: { type: 'RuntimeDefault' } } },
  }),
  documented('read-only-root', 'if touch /file 2>/dev/null; then false; fi\ntouch /v/file', {
    container: { securityContext: { readOnlyRootFilesystem: true }, volumeMounts: [mount('/v')] },
    spec: { volumes: [{ name: 'v', emptyDir: {} }] },
  }),
  documented('host-aliases', 'grep -q "^10.1.2.3.*foo.remote" /etc/hosts\ngrep -q "^10.1.2.3.*bar.remote" /etc/hosts', {
    spec: { hostAliases: [{ ip: '10.1.2.3', hostnames: ['foo.remote', 'bar.remote'] }] },
  }),
  documented(
    'own-dns',
    `grep -q "^search ns1.svc.example my.dns.example$" /etc/resolv.conf
     grep "^options " /etc/resolv.conf | grep -q "ndots:2"`,
    {
      spec: {
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: ['192.0.2.1'],
          searches: ['ns1.svc.example', 'my.dns.example'],
          options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
        },
      },
    },
  ),
  documented('own-hostname', 'is "$(hostname)" chosen', { spec: { hostname: 'chosen' } }),
  documented(
    'shared-processes',
    'until cat /proc/[0-9]*/cmdline 2>/dev/null | grep -q "sleep.1234"; do sleep 0.1; done',
    {
      spec: { shareProcessNamespace: true, containers: [shell('sleep 1234 & sleep 3', { name: 'other' })] },
    },
  ),
  documented(
    'sub-paths',
    `is "$(ls /html)" index
     is "$(cat /etc/one)" blue
     touch /own/here`,
    {
      container: {
        env: [fieldEnv('NAME', 'metadata.name')],
        volumeMounts: [
          { ...mount('/html'), subPath: 'site/html' },
          { ...mount('/own'), subPathExpr: 'logs/$(NAME)' },
          { ...mount('/etc/one', 'settings'), subPath: 'color' },
        ],
      },
      spec: {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'settings', configMap: { name: 'settings' } },
        ],
        initContainers: [
          shell('mkdir -p /v/site/html && touch /v/site/html/index', { name: 'fill', volumeMounts: [mount('/v')] }),
        ],
      },
    },
  ),
  documented('host-path', 'touch /v/from-pod', {
    container: { volumeMounts: [mount('/v')] },
    spec: { volumes: [{ name: 'v', hostPath: { path: join(folder, 'made'), type: 'DirectoryOrCreate' } }] },
  }),
  documented('claim', 'echo kept > /v/file\nis "$(cat /v/file)" kept', {
    container: { volumeMounts: [mount('/v')] },
    spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
  }),
  documented('safe-sysctl', 'is "$(cat /proc/sys/kernel/shm_rmid_forced)" 1', {
    spec: { securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] } },
  }),
  documented('after-post-start', 'until [ -e /tmp/greeted ]; do sleep 0.1; done', {
    container: { lifecycle: { postStart: { exec: { command: ['sh', '-c', 'echo hello > /tmp/greeted'] } } } },
  }),
]

const podWhen = (name: string, isWanted: (pod: Pod) => unknown) => user.podWhen(name, isWanted)

const isEnded = ({ status }: Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed'
const firstStatus = ({ status }: Pod) => status?.containerStatuses?.[0]

describe.concurrent('what the documentation says of Pods', () => {
  it.each(PODS)('$metadata.name', async (pod) => {
    const { name = '' } = pod.metadata
    await user.apply(pod)
    const { status } = await podWhen(name, isEnded)
    expect(status?.phase === 'Succeeded' ? '' : await user.ok('logs', name, '-c', 'c')).toBe('')
  })

  it('a termination message comes from its file, or from the log', async () => {
    const never = { restartPolicy: 'Never' }
    const fails = shell('echo last words; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' })
    await user.apply(
      shellPod('says-why', 'echo found it > /dev/termination-log', never),
      shellPod('logs-why', [fails], never),
    )
    const said = firstStatus(await podWhen('says-why', isEnded))?.state?.terminated
    expect(said).toMatchObject({ exitCode: 0, reason: 'Completed', message: 'found it\n' })
    const logged = firstStatus(await podWhen('logs-why', isEnded))?.state?.terminated
    expect(logged).toMatchObject({ exitCode: 3, reason: 'Error', message: 'last words\n' })
  })

  it('a Pod that somebody put on a node that it does not want fails', async () => {
    await user.apply(shellPod('choosy', FOREVER, { nodeName: 'node-2', nodeSelector: { disk: 'none' } }))
    expect((await podWhen('choosy', isEnded)).status?.reason).toBe('NodeAffinity')
  })

  it('a Pod fails when its deadline is over', async () => {
    await user.apply(shellPod('too-long', FOREVER, { activeDeadlineSeconds: 1 }))
    const { status } = await podWhen('too-long', isEnded)
    expect(status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
  })

  it('a container that must not run as root does not', async () => {
    await user.apply(shellPod('not-root', FOREVER, { securityContext: { runAsNonRoot: true } }))
    const pod = await podWhen('not-root', (found) => firstStatus(found)?.state?.waiting?.reason?.startsWith('CreateC'))
    expect(firstStatus(pod)?.state?.waiting).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: expect.stringContaining('container has runAsNonRoot and image will run as root'),
    })
  })

  it('the class of service follows from requests and limits', async () => {
    const resources = { limits: { cpu: '100m', memory: '16Mi' } }
    await user.apply(
      shellPod('guaranteed', [shell(FOREVER, { resources })]),
      shellPod('burstable', [shell(FOREVER, { resources: { requests: { cpu: '10m' } } })]),
      shellPod('best-effort', FOREVER),
    )
    const classes = await user.ok(
      'get',
      'pods',
      'guaranteed',
      'burstable',
      'best-effort',
      '-o',
      'jsonpath={.items[*].status.qosClass}',
    )
    expect(classes).toBe('Guaranteed Burstable BestEffort')
  })

  it('a Pod is ready when its probes and its gates say so', async () => {
    const server = shell('sleep 1; exec httpd -f -p 8080 -h /tmp', {
      startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 30 },
      readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 1, timeoutSeconds: 30 },
      livenessProbe: { exec: { command: ['true'] }, periodSeconds: 1, timeoutSeconds: 30 },
    })
    await user.apply(shellPod('probed', [server], { readinessGates: [{ conditionType: 'example.com/open' }] }))
    await podWhen('probed', (found) => firstStatus(found)?.started)
    expect(firstStatus(await user.json<Pod>('get', 'pod', 'probed'))?.ready).toBe(false)
    await user.ok('exec', 'probed', '--', 'touch', '/tmp/ready')
    const ready = (pod: Pod) => pod.status?.conditions?.find(({ type }) => type === 'Ready')
    const closed = await podWhen('probed', (pod) => firstStatus(pod)?.ready)
    expect(ready(closed)).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' })
    const conditions = [{ type: 'example.com/open', status: 'True' }]
    await user.ok('patch', 'pod', 'probed', '--subresource=status', '-p', JSON.stringify({ status: { conditions } }))
    await podWhen('probed', (pod) => ready(pod)?.status === 'True')
  })
})
