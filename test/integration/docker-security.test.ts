import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DockerApi } from '../../agent/runtime/docker/docker-api.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { LABELS } from '../../agent/runtime/docker/labels.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import type { ContainerSecurity, ContainerSpec, PodIdentity, SandboxSpec } from '../../agent/runtime/runtime.ts'
import { sleep, systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { run, tryRun } from '../support/shell.ts'
import { loadTestImage } from '../support/test-image.ts'
import { joinTestNetwork } from '../support/test-pod-network.ts'

const clock = systemClock()
const clusterId = `${process.pid}-security`
const IMAGE = `kubette-test/security:${process.pid}`
const seccompDirectory = mkdtempSync(join(tmpdir(), 'kubette-seccomp-'))
const docker = new DockerApi({}, clock)
const runtime = createDockerRuntime({ clusterId, nodeName: 'node-1', clock, log: silentLogger, seccompDirectory })
await joinTestNetwork(runtime, `s${process.pid}`)
let pods = 0
let pod: PodIdentity

describe('the security of containers in Docker', () => {
  let imageId = ''
  let containers = 0

  beforeAll(async () => {
    await loadTestImage({ reference: IMAGE, clusterId })
    imageId = (await runtime.inspectImage(IMAGE))?.id ?? ''
    const errnoRet = 1
    const names = ['mkdir', 'mkdirat']
    const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO', errnoRet }] }
    writeFileSync(join(seccompDirectory, 'no-mkdir.json'), JSON.stringify(profile, undefined, 2))
    writeFileSync(join(seccompDirectory, 'broken.json'), '{')
  })
  afterEach(async () => {
    const { containers: found, sandboxes } = await runtime.list()
    for (const { id } of [...found, ...sandboxes]) await runtime.removeContainer(id)
  })
  afterAll(async () => {
    await removeEverything({ clusterId, clock, log: silentLogger })
    rmSync(seccompDirectory, { recursive: true })
  })

  /** Of a new Pod. */
  const sandbox = (more: Partial<SandboxSpec> = {}) => {
    pod = { uid: `${++pods}-security-${process.pid}`, namespace: 'default', name: `pod-${pods}` }
    return runtime.runSandbox({ pod, hostname: 'pod', hosts: [], ports: [], hostNetwork: false, volumes: [], ...more })
  }
  const create = (sandboxId: string, script: string, more: Partial<ContainerSpec> = {}) =>
    runtime.createContainer({
      ...{
        pod,
        sandboxId,
        name: 'web',
        restartCount: containers++,
        specHash: 'h',
        image: IMAGE,
        imageId,
        oomScoreAdj: 1000,
      },
      ...{ env: [], resources: {}, tty: false, stdin: false, stdinOnce: false, mounts: [], annotations: {} },
      command: ['sh', '-c', script],
      ...more,
    })
  const start = async (sandboxId: string, script: string, more: Partial<ContainerSpec> = {}) => {
    const id = await create(sandboxId, script, more)
    await runtime.startContainer(id)
    return id
  }
  const print = async (sandboxId: string, script: string, more: Partial<ContainerSpec> = {}) => {
    const id = await start(sandboxId, script, more)
    for (let tries = 0; tries < 200; tries++) {
      const found = (await runtime.list(pod.uid)).containers.find((container) => container.id === id)
      if (found?.state.phase === 'exited') break
      await sleep(clock, 50)
    }
    return text(await runtime.logs(id, { follow: false, timestamps: false }, new AbortController().signal))
  }
  const isPrivilegeGiven = async () =>
    (await tryRun('docker', ['run', '--rm', '--privileged', IMAGE, 'true'])).code === 0
  const inspect = (id: string) =>
    docker.json<{ HostConfig: Record<string, unknown> }>({ method: 'GET', path: `/containers/${id}/json` })

  it('gives a container the capabilities that it asks for, and no others', async () => {
    const { id } = await sandbox()
    const effective = async (security: ContainerSecurity) =>
      /CapEff:\s+(\w+)/.exec(await print(id, 'cat /proc/self/status', { securityContext: security }))?.[1]
    const netAdmin = (1 << 12).toString(16).padStart(16, '0')
    expect(await effective({ dropCapabilities: ['ALL'], addCapabilities: ['NET_ADMIN'] })).toBe(netAdmin)
    expect(await effective({ dropCapabilities: ['all'], addCapabilities: ['CAP_NET_ADMIN'] })).toBe(netAdmin)
    const usual = Number.parseInt((await effective({})) ?? '', 16)
    const less = Number.parseInt((await effective({ dropCapabilities: ['CHOWN'] })) ?? '', 16)
    expect(usual - less).toBe(1)
    const odd = create(id, 'true', { securityContext: { addCapabilities: ['NO_SUCH'] } })
    await expect(odd).rejects.toThrow(/"CAP_NO_SUCH"/)
  })

  it('confines system calls: by Docker’s profile, by one of the machine, or not', async () => {
    const { id } = await sandbox()
    const script = 'grep -E "^Seccomp:" /proc/self/status; mkdir /tmp/x 2>&1 && echo made'
    const under = (seccomp: ContainerSecurity['seccomp']) =>
      print(id, script, { securityContext: seccomp ? { seccomp } : {} })
    expect(await under(undefined)).toMatch(/Seccomp:\s+2\nmade/)
    expect(await under({ type: 'runtimeDefault' })).toMatch(/Seccomp:\s+2\nmade/)
    expect(await under({ type: 'unconfined' })).toMatch(/Seccomp:\s+0\nmade/)
    expect(await under({ type: 'localhost', name: 'no-mkdir.json' })).toMatch(/Seccomp:\s+2\n.*not permitted/)
  })

  it.each(['broken.json', 'missing.json', '../no-mkdir.json', '/etc/passwd'])(
    'makes no container with the profile %s',
    async (name) => {
      const { id } = await sandbox()
      const made = create(id, 'true', { securityContext: { seccomp: { type: 'localhost', name } } })
      await expect(made).rejects.toThrow(`cannot load seccomp profile "${name}": `)
    },
  )

  it('hands AppArmor, SELinux and privilege on to Docker', async () => {
    const { id } = await sandbox({ hostNetwork: true })
    const optionsOf = async (securityContext: ContainerSecurity) =>
      (await inspect(await create(id, 'true', { securityContext }))).HostConfig
    const confined = {
      appArmor: { type: 'localhost', name: 'web' },
      seLinux: { level: 's0:c1,c2', type: 't' },
      noNewPrivileges: true,
    } as const
    expect(await optionsOf(confined)).toMatchObject({
      SecurityOpt: ['no-new-privileges', 'apparmor=web', 'label=level:s0:c1,c2', 'label=type:t'],
      Privileged: false,
    })
    expect(await optionsOf({ privileged: true, seccomp: { type: 'runtimeDefault' } })).toMatchObject({
      SecurityOpt: expect.arrayContaining(['seccomp=unconfined', 'apparmor=unconfined']),
      Privileged: true,
    })
  })

  it('lets a privileged container write to /sys in a sandbox that is not privileged, and no other container', async () => {
    const { id } = await sandbox()
    const script = 'echo it > /sys/class/net/lo/ifalias && cat /sys/class/net/lo/ifalias'
    const privileged = () => print(id, script, { securityContext: { privileged: true } })
    if (await isPrivilegeGiven()) {
      expect(await privileged()).toBe('it\n')
      expect(await print(id, script)).toMatch(/read-only file system/i)
    } else {
      await expect(privileged()).rejects.toThrow('unable to apply caps')
      expect((await runtime.list(pod.uid)).containers).toEqual([])
    }
    const left = Object.entries({ [LABELS.cluster]: clusterId, [LABELS.kind]: 'probe' })
    const filters = left.flatMap(([label, value]) => ['--filter', `label=${label}=${value}`])
    expect(await run('docker', ['ps', '--all', '--quiet', ...filters])).toBe('')
  })

  it('lets the containers of a Pod see each other’s processes, and has their orphans buried', async () => {
    const namespaces = { processes: 'pod', ipc: 'pod', hostname: 'pod' } as const
    const { id } = await sandbox({ namespaces })
    await start(id, '(sleep 0.1 &) ; exec sleep 777', { namespaces })
    const untilBuried = 'while ps -o args | grep -E "^(sleep 0.1|.sleep.$)"; do sleep 0.1; done'
    const seen = await print(id, `${untilBuried}; ps -o pid,args`, { namespaces, name: 'other' })
    expect(seen).toMatch(/^ +1 \/pause$/m)
    expect(seen).toContain('sleep 777')
    expect(await print(id, 'ps -o pid,args', { name: 'alone' })).not.toContain('sleep 777')
  })

  it('lets a Pod see the machine’s processes and IPC where it asks for it', async () => {
    const namespaces = { processes: 'node', ipc: 'node', hostname: 'pod' } as const
    const { id } = await sandbox({ namespaces })
    const links = 'readlink /proc/self/ns/ipc; ps -o pid,args'
    const seen = await print(id, links, { namespaces })
    expect(seen).toContain('dockerd')
    const own = await sandbox()
    expect(await print(own.id, links)).not.toContain(seen.split('\n')[0])
  })

  it('sets kernel parameters for the whole Pod', async () => {
    const { id } = await sandbox({
      sysctls: { 'net.ipv4.ip_local_port_range': '2048 4095', 'kernel.shm_rmid_forced': '1' },
    })
    const script = 'cat /proc/sys/net/ipv4/ip_local_port_range /proc/sys/kernel/shm_rmid_forced'
    expect(await print(id, script)).toMatch(/^2048\s+4095\n1\n$/)
    await expect(sandbox({ sysctls: { 'net.ipv4.ip_local_port_range': 'nonsense' } })).rejects.toThrow(
      /invalid argument/,
    )
  })

  it('names a Pod in full where it has a domain', async () => {
    const { id, ip } = await sandbox({ hostname: 'web', domain: 'sub.default.svc.cluster.local' })
    const whole = 'web.sub.default.svc.cluster.local'
    expect(await print(id, 'hostname; hostname -f')).toBe(`web\n${whole}\n`)
    expect(await print(id, 'cat /etc/hosts')).toContain(`${ip}\t${whole} web`)
    const named = await sandbox({ hostname: whole })
    expect(await print(named.id, 'hostname')).toBe(`${whole}\n`)
    const long = `${'d'.repeat(63)}.${'e'.repeat(63)}.svc.cluster.local`
    const far = await sandbox({ hostname: 'web', domain: long })
    expect(await print(far.id, 'hostname -f')).toBe(`web.${long}\n`)
  })
})
