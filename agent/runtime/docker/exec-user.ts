import type { ContainerUser } from '../runtime.ts'

/** What a container knows of users and groups: the text of its `/etc/passwd` and `/etc/group`. */
export interface UserFiles {
  passwd: string
  group: string
}

/**
 * Who a container's process is, as Docker finds it out: `user` is as in the container's configuration, a name or number,
 * which a group may follow. Undefined for a name that the container does not know.
 */
export function execUser(user: string, added: readonly string[], files: UserFiles): ContainerUser | undefined {
  const [userName = '', groupName = ''] = user.split(':')
  const groups = groupsIn(files)
  const known = findUser(userName, files)
  const uid = known?.uid ?? number(userName || '0')
  const gidOf = (name: string) => groups.find((group) => group.name === name || group.gid === number(name))?.gid
  const gid = groupName === '' ? (known?.gid ?? 0) : (gidOf(groupName) ?? number(groupName))
  const joined = groupName === '' ? joinedGroups(userName, files) : []
  const more = added.map((name) => gidOf(name) ?? number(name))
  const all = [uid, gid, ...joined, ...more]
  if (!all.every((id): id is number => id !== undefined && Number.isInteger(id))) return undefined
  const [ownUid = 0, ...gids] = all
  return { uid: ownUid, gid: gids[0] ?? 0, supplementalGroups: [...new Set(gids)] }
}

/** The groups of which a user, by name or number, is said to be a member. */
export function joinedGroups(userName: string, files: UserFiles): number[] {
  const known = findUser(userName, files)
  const groups = groupsIn(files).filter(({ members }) => known?.name && members.includes(known.name))
  return groups.map(({ gid }) => gid)
}

function findUser(userName: string, { passwd }: UserFiles) {
  return linesOf(passwd)
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .find(({ name, uid }) => (userName === '' ? uid === 0 : name === userName || uid === number(userName)))
}

function groupsIn({ group }: UserFiles) {
  return linesOf(group).map(([name = '', , gid, members = '']) => {
    return { name, gid: Number(gid), members: members.split(',') }
  })
}

function linesOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => /^[^#]/.test(line.trim()))
    .map((line) => line.trim().split(':'))
}

function number(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined
}
