import { posix } from 'node:path'
import type { ContainerSpec, SandboxSpec } from '../runtime.ts'
import type { DockerMount } from './mounts.ts'
import { type FilesPlace, NAME_FILES } from './sandbox-files.ts'

/** What the files of a sandbox say of names; all containers of the Pod see the same. */
export type NameFiles = Record<(typeof NAME_FILES)[keyof typeof NAME_FILES], string>

const LOCAL_HOSTS = [
  ['127.0.0.1', 'localhost'],
  ['::1', 'localhost ip6-localhost ip6-loopback'],
  ['fe00::0', 'ip6-localnet'],
  ['fe00::0', 'ip6-mcastprefix'],
  ['fe00::1', 'ip6-allnodes'],
  ['fe00::2', 'ip6-allrouters'],
]

type Named = Pick<SandboxSpec, 'hostname' | 'domain' | 'hosts'>

/** In the kubelet's form, which people and programs know. */
export function nameFiles(spec: Named, address: string, dns: NonNullable<SandboxSpec['dns']>): NameFiles {
  return { 'resolv.conf': resolvConfText(dns), hosts: hostsText(spec, address), hostname: `${spec.hostname}\n` }
}

/** None over what the Pod itself mounts there, nor where Docker mounts its own. */
export function nameMounts(
  { mounts, securityContext }: Pick<ContainerSpec, 'mounts' | 'securityContext'>,
  place: FilesPlace | undefined,
): DockerMount[] {
  const taken = new Set(mounts.map(({ mountPath }) => posix.resolve('/', mountPath)))
  const ReadOnly = securityContext?.readOnlyRootFilesystem ?? false
  return Object.entries(NAME_FILES)
    .filter(([path, name]) => place?.names.includes(name) && !taken.has(path))
    .map(([Target, name]) => ({ Type: 'bind', Source: `${place?.folder}/${name}`, Target, ReadOnly }))
}

function resolvConfText({ servers, searches, options }: NonNullable<SandboxSpec['dns']>): string {
  const search = searches.length > 0 ? [`search ${searches.join(' ')}`] : []
  const option = options.length > 0 ? [`options ${options.join(' ')}`] : []
  return lines([...search, ...servers.map((server) => `nameserver ${server}`), ...option])
}

/** The file of the machine with what a Pod on its network adds to it, in the kubelet's form. */
export function machineHostsText(ofMachine: string, { hosts }: Pick<Named, 'hosts'>): string {
  return `# Kubernetes-managed hosts file (host network).\n${ofMachine}${lines(aliasLines(hosts))}`
}

function hostsText({ hostname, domain, hosts }: Named, address: string): string {
  const fullName = domain === undefined ? [] : [`${hostname}.${domain}`]
  const own = [...LOCAL_HOSTS, [address, ...fullName, hostname]]
  return lines(['# Kubernetes-managed hosts file.', ...own.map((row) => row.join('\t')), ...aliasLines(hosts)])
}

function aliasLines(hosts: Named['hosts']): string[] {
  const aliases = hosts.map(({ ip, hostnames }) => [ip, ...hostnames].join('\t'))
  return aliases.length > 0 ? ['', '# Entries added by HostAliases.', ...aliases] : []
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}
