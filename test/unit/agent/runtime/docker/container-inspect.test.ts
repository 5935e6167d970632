import { describe, expect, it } from 'vitest'
import {
  type ContainerInspect,
  containerState,
  sandboxState,
} from '../../../../../agent/runtime/docker/container-inspect.ts'

const NEVER = '0001-01-01T00:00:00Z'
const CREATED = '2030-01-01T00:00:00.1Z'

function inspected(state: Partial<ContainerInspect['State']>, labels: Record<string, string> = {}): ContainerInspect {
  return {
    Id: 'c1',
    Created: CREATED,
    Image: 'sha256:1',
    State: {
      ...{ Status: 'exited', Running: false, ExitCode: 0, OOMKilled: false, Error: '' },
      ...{ StartedAt: '2030-01-01T00:00:01Z', FinishedAt: '2030-01-01T00:00:02Z' },
      ...state,
    },
    Config: { Labels: labels, Tty: false },
    HostConfig: { OomScoreAdj: 0 },
    Mounts: [],
    NetworkSettings: { Networks: { other: { IPAddress: '' }, mine: { IPAddress: '10.0.0.3' } } },
  }
}

const stateOf = (state: Partial<ContainerInspect['State']>) => containerState(inspected(state)).state

describe('containerState', () => {
  it('knows one that was not started yet from one that could not be', () => {
    const times = { StartedAt: NEVER, FinishedAt: NEVER, Status: 'created' } as const
    expect(stateOf(times)).toEqual({ phase: 'created' })
    expect(stateOf({ ...times, ExitCode: 127, Error: 'no such file' })).toEqual({
      phase: 'exited',
      startedAt: CREATED,
      finishedAt: CREATED,
      exitCode: 127,
      oomKilled: false,
      error: 'no such file',
    })
  })

  it('tells how one ended; an error that came later does not count', () => {
    expect(stateOf({ ExitCode: 137, OOMKilled: true, Error: 'something' })).toEqual({
      phase: 'exited',
      startedAt: '2030-01-01T00:00:01Z',
      finishedAt: '2030-01-01T00:00:02Z',
      exitCode: 137,
      oomKilled: true,
    })
  })

  it('lets none end before it started', () => {
    const state = stateOf({ StartedAt: '2030-01-01T00:00:01.934Z', FinishedAt: '2030-01-01T00:00:01.933999Z' })
    expect(state).toMatchObject({ finishedAt: '2030-01-01T00:00:01.934Z' })
  })

  it('takes a paused one for running', () => {
    expect(stateOf({ Running: true, Status: 'paused' })).toMatchObject({ phase: 'running' })
  })

  it('shows the digest where the registry gave one, and the annotations', () => {
    const labels = {
      'kubette.dev/image-digest': 'app@sha256:2',
      'annotation.a/b': 'c',
      'kubette.dev/restart-count': '4',
    }
    expect(containerState(inspected({}, labels))).toMatchObject({
      imageId: 'app@sha256:2',
      annotations: { 'a/b': 'c' },
      restartCount: 4,
    })
    expect(containerState(inspected({})).imageId).toBe('sha256:1')
  })
})

describe('sandboxState', () => {
  it('has an address while it runs', () => {
    expect(sandboxState(inspected({ Running: true }))).toMatchObject({ running: true, ip: '10.0.0.3' })
    expect(sandboxState(inspected({}))).not.toHaveProperty('ip')
  })

  it('has the address that the agent gives it, and says where that is to go', () => {
    const labels = { 'kubette.dev/address': '10.42.0.4' }
    expect(sandboxState(inspected({ Running: true, Pid: 77 }, labels))).toMatchObject({ ip: '10.42.0.4', process: 77 })
    expect(sandboxState(inspected({ Running: true, Pid: 77 }))).not.toHaveProperty('process')
    const ended = sandboxState(inspected({ Pid: 0 }, labels))
    expect([ended.ip, ended.process]).toEqual([undefined, undefined])
  })
})
