import { describe, expect, it } from 'vitest'
import { parseSysctls } from '../../../bin/options.ts'

describe('kernel parameters that an agent allows', () => {
  it('are names, or beginnings of names, in the kernel’s spelling', () => {
    expect(parseSysctls('kernel.msg*, net/core/somaxconn')).toEqual(['kernel.msg*', 'net.core.somaxconn'])
  })

  it.each(['vm.swappiness', 'kernel.*', '*', '', 'net.core.somaxconn,', 'Net.core'])('are not %j', (text) => {
    expect(() => parseSysctls(text)).toThrow()
  })
})
