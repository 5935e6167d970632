import fs, { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { claimProcessFile } from '../../../bin/process-file.ts'

describe('the file with a process’s id', () => {
  let directory: string
  let path: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'process-file-'))
    path = join(directory, 'agent.pid')
  })
  afterEach(() => {
    vi.restoreAllMocks()
    syncBuiltinESMExports()
    rmSync(directory, { recursive: true, force: true })
  })

  it('holds the id until it is given back', () => {
    const release = claimProcessFile(path)
    expect(readFileSync(path, 'utf8')).toBe(String(process.pid))
    release()
    expect(() => readFileSync(path)).toThrow('ENOENT')
  })

  it('can be done without on a full disk by who says so', () => {
    fillDisk()
    expect(() => claimProcessFile(path)).toThrow(/^cannot note the process: ENOSPC/)
    const said: string[] = []
    claimProcessFile(path, ({ message }) => said.push(message))()
    expect(said).toEqual([expect.stringContaining('ENOSPC')])
  })

  function fillDisk(): void {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    vi.spyOn(fs, 'writeFileSync').mockImplementation(() => {
      throw full
    })
    syncBuiltinESMExports()
  }

  it('is needed where it cannot be written for another reason', () => {
    mkdirSync(path)
    expect(() => claimProcessFile(path, () => {})).toThrow(/^cannot note the process: EISDIR/)
  })
})
