import { describe, expect, it } from 'vitest'
import { execUser, joinedGroups } from '../../../../../agent/runtime/docker/exec-user.ts'

const files = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\n# nobody of interest\nweb:x:33:34:Web:/var/www:/bin/sh\n\nbroken\n',
  group: 'root:x:0:\nweb:x:34:\nlogs:x:40:web,root\nkeys:x:41:web\n',
}
const user = (config: string, added: string[] = [], of = files) => {
  const found = execUser(config, added, of)
  return found && [found.uid, found.gid, found.supplementalGroups]
}

describe('who a container’s process is', () => {
  it('is root where nothing is said', () => {
    expect(user('')).toEqual([0, 0, [0, 40]])
    expect(user('', [], { passwd: '', group: '' })).toEqual([0, 0, [0]])
  })

  it('is in the groups that the container knows of', () => {
    expect(user('web')).toEqual([33, 34, [34, 40, 41]])
    expect(user('33')).toEqual([33, 34, [34, 40, 41]])
    expect(user('1000')).toEqual([1000, 0, [0]])
  })

  it('is in none of them where the group is said', () => {
    expect(user('web:keys')).toEqual([33, 41, [41]])
    expect(user('web:5000')).toEqual([33, 5000, [5000]])
  })

  it('is a member of what the container says, whatever group of its own it runs with', () => {
    expect(joinedGroups('web', files)).toEqual([40, 41])
    expect(joinedGroups('33', files)).toEqual([40, 41])
    expect(joinedGroups('', files)).toEqual([40])
    expect(joinedGroups('1000', files)).toEqual([])
  })

  it('is in the groups that the Pod adds', () => {
    expect(user('web', ['40', 'root', '2000'])).toEqual([33, 34, [34, 40, 41, 0, 2000]])
  })

  it('is unknown by a name that the container does not know', () => {
    expect(user('nobody')).toBeUndefined()
    expect(user('web:nobody')).toBeUndefined()
    expect(user('web', ['nobody'])).toBeUndefined()
  })
})
