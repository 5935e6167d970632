import { readlinkSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PodSpec } from '../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import { ImageRegistry, REGISTRY_USER } from '../support/image-registry.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { run, tryRun } from '../support/shell.ts'
import { FOREVER, shell, shellPod } from '../support/shell-workloads.ts'
import { loadTestImage } from '../support/test-image.ts'

const up = new UpProcess(await freePort())
const user = new KubectlUser(up.kubeconfig)
const once = { restartPolicy: 'Never' }
const NODE = 'node-1'

beforeAll(async () => {
  await loadTestImage()
  await up.start('--no-example', '--nodes', '1')
})
afterAll(() => up.destroy())

const read = (name: string) => user.json<Pod>('get', 'pod', name)

const podWhen = (name: string, isWanted: (pod: Pod) => unknown) => user.podWhen(name, isWanted)

const waitingOf = ({ status }: Pod) => status?.containerStatuses?.[0]?.state?.waiting
const phaseOf = (name: string, phase: string) => podWhen(name, ({ status }) => status?.phase === phase)

/** What a Pod's script prints that runs once. */
async function printed(name: string, script: string, spec: Partial<PodSpec> = {}, container = {}): Promise<string> {
  await user.apply(shellPod(name, [shell(script, container)], { ...once, ...spec }))
  await podWhen(name, ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed')
  return user.ok('logs', name)
}

describe.concurrent('a Pod', () => {
  it('runs as whom it says, with no more than it asks for', async () => {
    const securityContext = {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    }
    const shared = {
      runAsUser: 1000,
      runAsGroup: 2000,
      supplementalGroups: [3000],
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    }
    const script = 'id; grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status; touch /x 2>&1'
    const output = await printed('strict', script, { securityContext: shared }, { securityContext })
    expect(output).toMatch(/^uid=1000\S* gid=2000 groups=2000,3000$/m)
    expect(output).toMatch(/CapBnd:\s+0000000000000400/)
    expect(output).toMatch(/NoNewPrivs:\s+1/)
    expect(output).toMatch(/Seccomp:\s+2/)
    expect(output).toContain('Read-only file system')
    const free = { seccompProfile: { type: 'Unconfined' } }
    expect(await printed('free', 'grep Seccomp: /proc/self/status', {}, { securityContext: free })).toMatch(/:\s+0$/)
  })

  it('does not run as root where it must not', async () => {
    await user.apply(shellPod('not-root', FOREVER, { securityContext: { runAsNonRoot: true } }))
    const pod = await podWhen('not-root', (found) => waitingOf(found)?.reason === 'CreateContainerConfigError')
    expect(waitingOf(pod)).toEqual({
      reason: 'CreateContainerConfigError',
      message:
        'container has runAsNonRoot and image will run as root ' +
        `(pod: "not-root_default(${pod.metadata.uid})", container: c)`,
    })
  })

  it('says it where Docker cannot give it all privileges', async () => {
    // In a network of the Pod's own its sandbox is privileged, too, and would fail first.
    const mighty = [shell(FOREVER, { securityContext: { privileged: true } })]
    await user.apply(shellPod('mighty', mighty, { hostNetwork: true }))
    const pod = await podWhen('mighty', ({ status }) => {
      const { running, waiting } = status?.containerStatuses?.[0]?.state ?? {}
      return running || waiting?.reason === 'RunContainerError'
    })
    const label = `label=io.kubernetes.pod.uid=${pod.metadata.uid}`
    const ids = await run('docker', [
      'ps',
      '-aq',
      '--filter',
      label,
      '--filter',
      'label=io.kubernetes.container.name=c',
    ])
    const format = '{{.HostConfig.Privileged}} {{.HostConfig.SecurityOpt}}'
    expect(await run('docker', ['inspect', '-f', format, ids.trim().split('\n')[0] ?? ''])).toMatch(/^true /)
    const { code } = await tryRun('docker', ['run', '--rm', '--privileged', 'kubette-test/busybox:1', 'true'])
    if (code !== 0) {
      expect(waitingOf(pod)?.message).toContain('unable to apply caps')
      await user.apply(shellPod('mightier', mighty))
      await user.hasEvents('mightier', /^FailedCreatePodSandBox .*unable to apply caps/s)
    } else expect(pod.status?.containerStatuses?.[0]?.state?.running).toBeDefined()
  })

  it('has the names that it gives itself', async () => {
    const script = 'hostname; hostname -f; cat /etc/hosts'
    const hostAliases = [{ ip: '192.0.2.7', hostnames: ['a.example', 'b.example'] }]
    const names = { hostname: 'web-1', subdomain: 'web', hostAliases }
    const whole = 'web-1.web.default.svc.cluster.local'
    const output = await printed('named', script, names)
    expect(output).toMatch(new RegExp(`^web-1\n${whole}\n`))
    const { status } = await read('named')
    expect(output).toContain(`${status?.podIP}\t${whole}\tweb-1`)
    expect(output).toMatch(/^192.0.2.7\s.*b.example/m)
    expect(await printed('full-named', 'hostname', { ...names, setHostnameAsFQDN: true })).toBe(whole)
    expect(await printed('renamed', 'hostname', { ...names, hostnameOverride: 'db.example.com' })).toBe(
      'db.example.com',
    )
    const long = { hostname: 'h'.repeat(40), subdomain: 's', setHostnameAsFQDN: true }
    await user.apply(shellPod('too-long', FOREVER, long))
    await user.hasEvents('too-long', /is too long \(64 characters is the max, 68 characters requested\)/)
  })

  it('resolves names as it is told', async () => {
    const options = [{ name: 'ndots', value: '3' }]
    const dnsConfig = { nameservers: ['192.0.2.53'], searches: ['a.example', 'b.example'], options }
    const output = await printed('resolving', 'cat /etc/resolv.conf', { dnsPolicy: 'None', dnsConfig })
    expect(output).toMatch(/^nameserver 192.0.2.53$/m)
    expect(output).toMatch(/^search a.example b.example$/m)
    expect(output).toMatch(/^options .*ndots:3/m)
    const onHost = { hostNetwork: true, dnsPolicy: 'None', dnsConfig }
    expect(await printed('resolving-host', 'cat /etc/resolv.conf', onHost)).toMatch(/^nameserver 192.0.2.53$/m)
  })

  it('shares its processes among its containers, or the machine’s, as it asks', async () => {
    const watcher = { ...shell('until ps | grep -q "[s]leep 4321"; do sleep 0.1; done; ps'), name: 'watcher' }
    const spec = { ...once, shareProcessNamespace: true }
    await user.apply(shellPod('sharing', [shell('exec sleep 4321'), watcher], spec))
    await podWhen('sharing', ({ status }) => status?.containerStatuses?.[1]?.state?.terminated)
    expect(await user.ok('logs', 'sharing', '-c', 'watcher')).toMatch(/^ +1 .*\/pause/m)
    const host = { hostNetwork: true, hostPID: true, hostIPC: true }
    const output = await printed('at-home', 'hostname; readlink /proc/self/ns/ipc; ps', host)
    expect(output).toContain(readlinkSync('/proc/self/ns/ipc'))
    expect(output).toContain('dockerd')
    const { status } = await read('at-home')
    expect(status?.podIP).toBe(status?.hostIP)
    expect(output.split('\n')[0]).toBe((await run('hostname', [])).trim())
  })

  it('sets kernel parameters that are safe, and is rejected with others', async () => {
    const tuned = { securityContext: { sysctls: [{ name: 'net.ipv4.ip_local_port_range', value: '2048 4095' }] } }
    expect(await printed('tuned', 'cat /proc/sys/net/ipv4/ip_local_port_range', tuned)).toMatch(/^2048\s+4095$/)
    const unsafe = { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '65536' }] } }
    await user.apply(shellPod('unsafe', FOREVER, unsafe))
    const { status } = await phaseOf('unsafe', 'Failed')
    expect(status).toMatchObject({
      reason: 'SysctlForbidden',
      message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    })
    expect(await user.ok('get', 'pod', 'unsafe')).toMatch(/^unsafe +0\/1 +SysctlForbidden +0 /m)
  })

  it('is rejected where there is no AppArmor to confine it', async () => {
    const annotations = { 'container.apparmor.security.beta.kubernetes.io/c': 'runtime/default' }
    const pod = shellPod('armoured', FOREVER)
    await user.apply({ ...pod, metadata: { ...pod.metadata, annotations } })
    const hasAppArmor = (await run('docker', ['info', '-f', '{{.SecurityOptions}}'])).includes('apparmor')
    const found = await phaseOf('armoured', hasAppArmor ? 'Running' : 'Failed')
    expect(found.spec.containers[0]?.securityContext?.appArmorProfile).toEqual({ type: 'RuntimeDefault' })
    if (!hasAppArmor) expect(found.status?.message).toMatch(/AppArmor is not enabled on the host$/)
  })

  it('does not get a port of the machine that another has', async () => {
    const ports = [{ containerPort: 80, hostPort: await freePort(), hostIP: '127.0.0.1' }]
    await user.apply(shellPod('first', [shell(FOREVER, { ports })]))
    await phaseOf('first', 'Running')
    await user.apply(
      shellPod('second', [shell(FOREVER, { ports })]),
      shellPod('third', [shell(FOREVER, { ports })], { nodeName: NODE }),
    )
    const waiting = await podWhen('second', ({ status }) => status?.conditions?.[0]?.reason === 'Unschedulable')
    const message = "node(s) didn't have free ports for the requested pod ports"
    expect(waiting.status?.conditions?.[0]?.message).toContain(message)
    const { status } = await phaseOf('third', 'Failed')
    expect(status).toMatchObject({ reason: 'NodePorts', message: expect.stringContaining(message) })
  })

  it('is told what is wrong with it when it is applied', async () => {
    const pod = shellPod(
      'wrong',
      [shell(FOREVER, { securityContext: { privileged: true, allowPrivilegeEscalation: false } })],
      {
        hostPID: true,
        shareProcessNamespace: true,
        securityContext: { seLinuxChangePolicy: 'MountOption' },
      },
    )
    const { code, stderr } = await user.try(['apply', '-f', '-'], { input: JSON.stringify(pod) })
    expect(code).toBe(1)
    expect(stderr).toContain('cannot set `allowPrivilegeEscalation` to false and `privileged` to true')
    expect(stderr).toContain('ShareProcessNamespace and HostPID cannot both be enabled')
    expect(stderr).toContain('spec.securityContext.seLinuxChangePolicy: Forbidden: this version labels no volumes')
  })

  it('gets its image with the log-in of its secret', async () => {
    const registry = await ImageRegistry.start({ hasLogins: true })
    try {
      await registry.push('team/app:1', { marker: registry.host })
      const secret = (name: string, password: string) =>
        user.ok(
          ...['create', 'secret', 'docker-registry', name, `--docker-server=${registry.host}`],
          ...[`--docker-username=${REGISTRY_USER.username}`, `--docker-password=${password}`],
        )
      await Promise.all([secret('right', REGISTRY_USER.password), secret('wrong', 'no')])
      const container = shell(FOREVER, { image: `${registry.host}/team/app:1`, imagePullPolicy: 'Always' })
      const pull = (name: string) => shellPod(name, [container], { imagePullSecrets: [{ name }] })
      await user.apply(pull('right'), pull('wrong'))
      await phaseOf('right', 'Running')
      const refused = await podWhen('wrong', (pod) => waitingOf(pod)?.reason === 'ImagePullBackOff')
      expect(waitingOf(refused)?.message).toMatch(
        /^Back-off pulling image ".*": ErrImagePull: .*(unauthorized|required)/i,
      )
      await user.ok('delete', 'pod', 'right', 'wrong')
    } finally {
      await registry.stop()
      await tryRun('docker', ['image', 'rm', '-f', `${registry.host}/team/app:1`])
    }
  })
})
