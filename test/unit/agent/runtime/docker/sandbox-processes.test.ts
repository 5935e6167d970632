import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ContainerInspect } from '../../../../../agent/runtime/docker/container-inspect.ts'
import { SandboxProcesses } from '../../../../../agent/runtime/docker/sandbox-processes.ts'

const ID = 'a'.repeat(64)

describe('the process of a sandbox', () => {
  let root: string
  let processes: SandboxProcesses

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kubette-processes-'))
    processes = new SandboxProcesses(root)
  })
  afterEach(() => rmSync(root, { recursive: true }))

  const inspect = (State: object) => ({ Id: ID, State }) as ContainerInspect
  const runsIn = (pid: number, cgroup: string) => {
    mkdirSync(join(root, String(pid)), { recursive: true })
    writeFileSync(join(root, String(pid), 'cgroup'), `0::${cgroup}\n`)
  }

  it('has ended once it is gone, or its number is that of another', async () => {
    runsIn(7, `/system.slice/docker-${ID}.scope`)
    await processes.look(inspect({ Running: true, Pid: 7 }))
    expect(await processes.hasEnded(ID)).toBe(false)
    runsIn(7, '/system.slice/cron.service')
    expect(await processes.hasEnded(ID)).toBe(true)
    rmSync(join(root, '7'), { recursive: true })
    expect(await processes.hasEnded(ID)).toBe(true)
  })

  it('is not missed where it never was seen, as from another machine or from within a container', async () => {
    await processes.look(inspect({ Running: true, Pid: 7 }))
    runsIn(8, '/')
    await processes.look(inspect({ Running: true, Pid: 8 }))
    expect(await processes.hasEnded(ID)).toBe(false)
  })

  it('is another one after the sandbox was started again', async () => {
    runsIn(7, `/docker/${ID}`)
    await processes.look(inspect({ Running: true, Pid: 7 }))
    await processes.look(inspect({ Running: false, Pid: 0 }))
    expect(await processes.hasEnded(ID)).toBe(false)
    runsIn(9, `/docker/${ID}`)
    await processes.look(inspect({ Running: true, Pid: 9 }))
    expect(await processes.hasEnded(ID)).toBe(false)
  })
})
