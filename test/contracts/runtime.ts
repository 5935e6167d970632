import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type {
  ContainerProcess,
  ContainerSpec,
  ContainerState,
  LogOptions,
  PodIdentity,
  PortConnection,
  Runtime,
  SandboxSpec,
} from '../../agent/runtime/runtime.ts'
import type { RuntimeHarness, SuiteProgram } from './runtime-harness.ts'
import { networkTests } from './runtime-networks.ts'
import { resourceTests } from './runtime-resources.ts'
import { volumeTests } from './runtime-volumes.ts'
import { socketTests } from './socket-relay.ts'
import { terminationMessageContract } from './termination-message-contract.ts'

/** What holds for every Runtime. */
export function runtimeContract(name: string, open: () => Promise<RuntimeHarness>): void {
  describe(`${name} as a runtime`, () => {
    let harness: RuntimeHarness
    let runtime: Runtime
    let pods = 0
    let pod: PodIdentity

    beforeAll(async () => {
      harness = await open()
      runtime = harness.runtime
    })
    afterAll(() => harness.close())
    afterEach(async () => {
      const { containers, sandboxes } = await runtime.list()
      for (const { id } of [...containers, ...sandboxes]) await runtime.removeContainer(id)
      for (const { id } of sandboxes) await runtime.removeSandbox(id)
      if (pod) await runtime.removeVolumes(pod.uid)
    })

    const newPod = (): PodIdentity => {
      const number = ++pods
      pod = { uid: `${number}0000000-suite-${process.pid}`, namespace: 'default', name: `pod-${number}` }
      return pod
    }
    const sandbox = (more: Partial<SandboxSpec> = {}) => {
      const base = { hostname: 'suite', hosts: [], ports: [], hostNetwork: false, volumes: [] }
      return runtime.runSandbox({ pod: newPod(), ...base, ...more })
    }
    const create = (sandboxId: string, program: SuiteProgram, more: Partial<ContainerSpec> = {}) =>
      runtime.createContainer({
        pod,
        sandboxId,
        name: 'web',
        restartCount: 0,
        specHash: 'abc',
        image: harness.image.reference,
        imageId: harness.image.id,
        command: harness.command(program),
        env: [],
        resources: {},
        oomScoreAdj: 0,
        tty: false,
        stdin: false,
        stdinOnce: false,
        mounts: [],
        annotations: {},
        ...more,
      })
    const start = async (program: SuiteProgram, more: Partial<ContainerSpec> = {}) => {
      const { id: sandboxId } = await sandbox()
      const id = await create(sandboxId, program, more)
      await runtime.startContainer(id)
      return id
    }
    const get = async (id: string): Promise<ContainerState | undefined> =>
      (await runtime.list(pod.uid)).containers.find((container) => container.id === id)
    const phaseOf = async (id: string) => (await get(id))?.state.phase
    const exited = (id: string) => harness.eventually(async () => (await phaseOf(id)) === 'exited')
    const saidBy = async ({ output }: ContainerProcess) => {
      let text = ''
      for await (const { data } of output) text += Buffer.from(data)
      return text
    }
    /** Whoever listens may need a moment to begin. */
    const eventualConnection = async (sandboxId: string, port: number): Promise<PortConnection> => {
      let connection: PortConnection | undefined
      await harness.eventually(async () => {
        connection = await runtime.connect(sandboxId, port, new AbortController().signal).catch(() => undefined)
        return connection !== undefined
      })
      return connection as unknown as PortConnection
    }
    const logs = async (id: string, options: Partial<LogOptions> = {}) => {
      const { signal } = new AbortController()
      return text(await runtime.logs(id, { follow: false, timestamps: false, ...options }, signal))
    }

    const suite = { harness: () => harness, pod: () => pod, sandbox, create, start, get, exited }
    resourceTests(suite)
    volumeTests(suite)
    socketTests(suite)

    networkTests({ harness: () => harness, sandbox })

    it('says what it is', async () => {
      const { name, version, architecture, cpus, memoryBytes } = await runtime.version()
      expect([name, version, architecture].every((text) => text.length > 0)).toBe(true)
      expect(cpus).toBeGreaterThan(0)
      expect(memoryBytes).toBeGreaterThan(0)
    })

    it('runs a sandbox with an address, and lists it', async () => {
      const state = await sandbox()
      expect(state).toMatchObject({ pod, running: true })
      expect(state.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
      expect((await runtime.list()).sandboxes).toEqual([state])
      expect((await runtime.list(pod.uid)).sandboxes).toEqual([state])
      expect((await runtime.list('other')).sandboxes).toEqual([])
    })

    it('stops a sandbox and removes it', async () => {
      const { id } = await sandbox()
      await runtime.stopSandbox(id)
      await harness.eventually(async () => (await runtime.list()).sandboxes[0]?.running === false)
      expect((await runtime.list()).sandboxes[0]?.ip).toBeUndefined()
      await runtime.removeSandbox(id)
      expect((await runtime.list()).sandboxes).toEqual([])
    })

    it('sees that a sandbox has ended before the runtime was asked', async () => {
      const state = await sandbox()
      await runtime.list(pod.uid)
      expect(await runtime.hasEnded(state)).toBe(false)
      await runtime.stopSandbox(state.id)
      await harness.eventually(() => runtime.hasEnded(state))
    })

    it('takes a container from created to running, and keeps its facts', async () => {
      const { id: sandboxId } = await sandbox()
      const facts = { restartCount: 2, specHash: 'h4sh', annotations: { 'kubette.dev/x': 'y' } }
      const id = await create(sandboxId, { does: 'run' }, facts)
      const created = await get(id)
      expect(created).toMatchObject({ id, pod, sandboxId, name: 'web', image: harness.image.reference, ...facts })
      expect(created?.stopSignal).toBe('SIGTERM')
      expect(created?.state).toEqual({ phase: 'created' })
      await runtime.startContainer(id)
      expect(await phaseOf(id)).toBe('running')
    })

    it('tells as whom a container runs', async () => {
      const securityContext = { user: '1000:3000', supplementalGroups: [4000, 3000] }
      const id = await start({ does: 'run' }, { securityContext })
      expect((await get(id))?.user).toEqual({ uid: 1000, gid: 3000, supplementalGroups: [3000, 4000] })
    })

    it('shows how a container ended', async () => {
      const id = await start({ does: 'exit', exitCode: 3 })
      await exited(id)
      const state = (await get(id))?.state
      expect(state).toMatchObject({ phase: 'exited', exitCode: 3, oomKilled: false })
      if (state?.phase !== 'exited') throw new Error('not exited')
      expect(Date.parse(state.finishedAt)).toBeGreaterThanOrEqual(Date.parse(state.startedAt))
      expect(state.error).toBeUndefined()
    })

    it('keeps the newest note with a container until its sandbox goes', async () => {
      const id = await start({ does: 'exit', exitCode: 0 })
      await exited(id)
      const { sandboxId } = (await get(id)) ?? { sandboxId: '' }
      const noted = { id, sandboxId }
      expect(await runtime.note(noted)).toBeUndefined()
      await runtime.keepNote(noted, 'first')
      await runtime.keepNote(noted, '{"second": 2}')
      expect(await runtime.note(noted)).toBe('{"second": 2}')
      expect(await runtime.note({ ...noted, id: 'another' })).toBeUndefined()
      await runtime.removeSandbox(sandboxId)
      expect(await runtime.note(noted)).toBeUndefined()
      await expect(runtime.keepNote(noted, 'third')).rejects.toMatchObject({ code: 'notFound' })
    })

    it('knows of a command that runs in a container', async () => {
      const id = await start({ does: 'run' })
      const { slow } = harness.exec
      expect(await runtime.isExecuting(id, slow)).toBe(false)
      const running = runtime.exec(id, slow, 60_000).catch(() => undefined)
      await harness.eventually(() => runtime.isExecuting(id, slow))
      expect(await runtime.isExecuting(id, [...slow, 'more'])).toBe(false)
      await runtime.killContainer(id)
      await harness.eventually(async () => !(await runtime.isExecuting(id, slow)))
      await harness.during(running)
    })

    it('shows why a container could not start', async () => {
      const { id: sandboxId } = await sandbox()
      const id = await create(sandboxId, { does: 'notExist' })
      await expect(runtime.startContainer(id)).rejects.toMatchObject({ name: 'RuntimeFailure' })
      const state = (await get(id))?.state
      expect(state).toMatchObject({ phase: 'exited', exitCode: 127 })
      expect(state?.phase === 'exited' && state.error).toBeTruthy()
    })

    it('asks a container to end, and kills one that does not listen', async () => {
      const polite = await start({ does: 'run' })
      await runtime.stopContainer(polite)
      await exited(polite)
      const stubborn = await start({ does: 'ignoreTerm' })
      await runtime.stopContainer(stubborn)
      expect(await phaseOf(stubborn)).toBe('running')
      await runtime.killContainer(stubborn)
      await exited(stubborn)
      expect((await get(stubborn))?.state).toMatchObject({ exitCode: 137 })
    })

    it('has nothing to do for what is not there or has ended', async () => {
      const id = await start({ does: 'exit', exitCode: 0 })
      await exited(id)
      await runtime.stopContainer(id)
      await runtime.killContainer(id)
      await runtime.removeContainer(id)
      for (const gone of [id, 'nothing']) {
        await runtime.stopContainer(gone)
        await runtime.killContainer(gone)
        await runtime.removeContainer(gone)
        await runtime.stopSandbox(gone)
        await runtime.removeSandbox(gone)
      }
      await runtime.removeVolumes('nobody')
      expect((await runtime.list()).containers).toEqual([])
    })

    it('removes a container that runs', async () => {
      await runtime.removeContainer(await start({ does: 'ignoreTerm' }))
      expect((await runtime.list()).containers).toEqual([])
    })

    it('keeps ended containers when their sandbox goes', async () => {
      const id = await start({ does: 'print', lines: ['last words'] })
      await exited(id)
      const { sandboxes } = await runtime.list()
      await runtime.removeSandbox(sandboxes[0]?.id ?? '')
      expect(await logs(id)).toBe('last words\n')
    })

    terminationMessageContract({ runtime: () => runtime, sandbox, create, exited })

    it('gives the log: all, the end of it, with times, from a time on', async () => {
      const id = await start({ does: 'print', lines: ['one', 'two', 'three'] })
      await exited(id)
      expect(await logs(id)).toBe('one\ntwo\nthree\n')
      expect(await logs(id, { tailLines: 2 })).toBe('two\nthree\n')
      expect(await logs(id, { tailLines: 0 })).toBe('')
      const stamped = (await logs(id, { timestamps: true })).split('\n')[0] ?? ''
      expect(stamped).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z one$/)
      expect(await logs(id, { since: '2100-01-01T00:00:00Z' })).toBe('')
      expect(await logs(id, { since: stamped.split(' ')[0] ?? '' })).toBe('one\ntwo\nthree\n')
    })

    it('follows the log until the container ends', async () => {
      const id = await start({ does: 'run' })
      const followed = logs(id, { follow: true })
      await runtime.killContainer(id)
      expect(await harness.during(followed)).toBe('')
      await expect(logs('nothing')).rejects.toMatchObject({ code: 'notFound' })
    })

    it('tells which Pod changed, and shows at a glance what runs', async () => {
      const stop = new AbortController()
      const seen: string[] = []
      const listening = (async () => {
        for await (const { podUid } of runtime.events(stop.signal)) seen.push(podUid)
      })()
      const id = await start({ does: 'run' })
      await harness.eventually(() => seen.includes(pod.uid))
      const [sandboxId = ''] = (await runtime.list(pod.uid)).sandboxes.map(({ id }) => id)
      const glance = async () => (await runtime.glance()).get(pod.uid)
      expect(await glance()).toEqual(new Map([[sandboxId, true]]).set(id, true))
      seen.length = 0
      await runtime.killContainer(id)
      await harness.eventually(() => seen.includes(pod.uid))
      await exited(id)
      expect(await glance()).toEqual(new Map([[sandboxId, true]]).set(id, false))
      stop.abort()
      await listening
    })

    it('runs a command in a container', async () => {
      const id = await start({ does: 'run' })
      const { quick, slow } = harness.exec
      expect(await runtime.exec(id, quick, 10_000)).toEqual({ exitCode: 3, output: 'hello\n' })
      await expect(harness.during(runtime.exec(id, slow, 1_000))).rejects.toMatchObject({ code: 'timeout' })
    })

    it('opens a command with its streams', async () => {
      const id = await start({ does: 'run' })
      const streams = { stdin: true, stdout: true, stderr: true, tty: false }
      const talk = await runtime.openExec(id, harness.interactive.talk, streams, new AbortController().signal)
      await talk.write(Buffer.from('typed'))
      talk.endInput()
      const said = { stdout: '', stderr: '' }
      for await (const { from, data } of talk.output) said[from] += Buffer.from(data)
      expect(said).toEqual({ stdout: 'out\ntyped', stderr: 'err\n' })
      expect(await talk.exitCode()).toBe(7)
    })

    it('gives a command a terminal of the size that is asked for', async () => {
      const id = await start({ does: 'run' })
      const streams = { stdin: true, stdout: true, stderr: false, tty: true }
      const process = await runtime.openExec(id, harness.interactive.terminal, streams, new AbortController().signal)
      await process.resize({ width: 101, height: 33 })
      await process.write(Buffer.from('\n'))
      expect(await saidBy(process)).toContain('33 101')
    })

    it('joins a container’s own process, from its first words on', async () => {
      const { signal } = new AbortController()
      const id = await start({ does: 'ask' }, { stdin: true, stdinOnce: true })
      const joined = await runtime.attach(id, { stdin: true, stdout: true, stderr: true, tty: false }, signal)
      await joined.write(Buffer.from('kubette\n'))
      expect(await saidBy(joined)).toBe('name? hello kubette\n')
      await exited(id)
      const late = runtime.attach(id, { stdin: true, stdout: true, stderr: true, tty: false }, signal)
      await expect(late).rejects.toMatchObject({ name: 'RuntimeFailure' })
    })

    it('connects to the loopback of a sandbox', async () => {
      const { signal } = new AbortController()
      const id = await start({ does: 'echo', port: 8080 })
      const sandboxId = (await get(id))?.sandboxId ?? ''
      const connection = await eventualConnection(sandboxId, 8080)
      await connection.write(Buffer.from('ping'))
      connection.endInput()
      const parts: Uint8Array[] = []
      for await (const part of connection.output) parts.push(part)
      expect(Buffer.concat(parts).toString()).toBe('ping')
      await expect(runtime.connect(sandboxId, 9, signal)).rejects.toThrow('connection refused')
    })

    it('knows its images, and says why one cannot be pulled', async () => {
      const { reference, id } = harness.image
      expect(await runtime.inspectImage(reference)).toMatchObject({ id, references: [reference] })
      expect(await runtime.inspectImage(id)).toMatchObject({ id })
      expect(await runtime.inspectImage('kubette-test/none:1')).toBeUndefined()
      expect((await runtime.listImages()).map((image) => image.id)).toContain(id)
      const { signal } = new AbortController()
      await expect(runtime.pullImage('127.0.0.1:9/none:1', signal)).rejects.toMatchObject({ code: 'imagePull' })
    })

    it('runs containers in the Pod’s namespaces, in the machine’s, and with parameters of the kernel', async () => {
      const sysctls = { 'net.ipv4.ip_unprivileged_port_start': '80' }
      for (const namespaces of [
        { processes: 'pod', ipc: 'pod', hostname: 'pod' },
        { processes: 'node', ipc: 'node', hostname: 'pod' },
      ] as const) {
        const { id: sandboxId } = await sandbox({ namespaces, sysctls, domain: 'suite.example' })
        const id = await create(sandboxId, { does: 'run' }, { namespaces })
        await runtime.startContainer(id)
        expect(await phaseOf(id)).toBe('running')
      }
    })

    it('refuses a container whose seccomp profile is not there', async () => {
      const { id } = await sandbox()
      const securityContext = { seccomp: { type: 'localhost', name: 'none.json' } } as const
      const refused = create(id, { does: 'run' }, { securityContext })
      await expect(refused).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('"none.json"') })
    })

    it('refuses a container of an image that is not there', async () => {
      const { id } = await sandbox()
      const imageId = `sha256:${'0'.repeat(64)}`
      await expect(create(id, { does: 'run' }, { imageId })).rejects.toMatchObject({ code: 'notFound' })
    })
  })
}
