import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ContainerInspect } from '../../../../../agent/runtime/docker/container-inspect.ts'
import { KernelLog } from '../../../../../agent/runtime/docker/kernel-log.ts'
import { OomKills } from '../../../../../agent/runtime/docker/oom-kills.ts'

const idOf = (n: number) => n.toString(16).padStart(64, 'a')
const [ID, OTHER] = [idOf(1), idOf(2)]
const DOCKER = '/system.slice/docker-'

function killIn(group: string, priority = 6): string {
  const rest = 'constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/pod'
  return `${priority},1234,5678901,-;oom-kill:${rest},task_memcg=${group},task=tail,pid=123,uid=0\n SUBSYSTEM=memory\n`
}

describe('a container that the kernel’s log says ran out of memory', () => {
  let folder: string
  let path: string
  let oomKills: OomKills

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubette-oom-'))
    path = join(folder, 'kmsg')
    writeFileSync(path, '6,1,0,-;Linux version 6.1\n')
    oomKills = new OomKills(new KernelLog(path))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const logged = (...lines: string[]) => appendFileSync(path, lines.join(''))
  const ended = (Id: string, State: object = {}) =>
    ({ Id, State: { Running: false, ExitCode: 137, OOMKilled: false, ...State } }) as ContainerInspect
  const isKilled = (id: string, state: object = {}) => oomKills.completed(ended(id, state)).State.OOMKilled

  it('is taken for one, whichever way Docker names control groups', () => {
    logged(killIn(`${DOCKER}${ID}.scope`), '4,2,0,-;tail invoked oom-killer\n')
    expect([isKilled(ID), isKilled(OTHER)]).toEqual([true, false])
    logged(killIn(`/docker/${OTHER}`))
    expect([isKilled(ID), isKilled(OTHER)]).toEqual([true, true])
  })

  it('stays one while the log goes on, for as many as end in a while', () => {
    for (let n = 0; n < 300; n++) {
      logged(killIn(`${DOCKER}${idOf(n)}.scope`))
      expect(isKilled(idOf(n))).toBe(true)
    }
    expect([299, 200, 0].map((n) => isKilled(idOf(n)))).toEqual([true, true, false])
  })

  it('is none of another’s in whose control group it does not run', () => {
    logged(killIn('/user.slice'), killIn(`/system.slice/${ID.slice(1)}`))
    expect(isKilled(ID)).toBe(false)
  })

  it('is not believed to one who only writes so into the log', () => {
    logged(killIn(`${DOCKER}${ID}.scope`, 14), `6,3,0,-;a module says ;oom-kill:,task_memcg=/docker/${ID},\n`)
    expect(isKilled(ID)).toBe(false)
  })

  it('is left as Docker tells of it where it runs, ended otherwise, or Docker saw it', () => {
    logged(killIn(`${DOCKER}${ID}.scope`))
    expect(isKilled(ID, { Running: true })).toBe(false)
    expect(isKilled(ID, { ExitCode: 1 })).toBe(false)
    expect(isKilled(OTHER, { OOMKilled: true })).toBe(true)
  })

  it('is as Docker says where the log cannot be read', () => {
    rmSync(path)
    expect(isKilled(ID)).toBe(false)
  })
})
