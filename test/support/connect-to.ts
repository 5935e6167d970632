import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { ApiHttp } from './api-http.ts'

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
}

/** As the administrator whose kubeconfig it is. */
export function connectTo(kubeconfig: string) {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig
  const decode = (text = '') => Buffer.from(text, 'base64').toString()
  const cluster = clusters[0]?.cluster
  const user = users[0]?.user
  const url = cluster?.server ?? ''
  const port = Number(new URL(url).port)
  const ca = decode(cluster?.['certificate-authority-data'])
  const tls = { cert: decode(user?.['client-certificate-data']), key: decode(user?.['client-key-data']) }
  return { url, port, ca, tls, api: new ApiHttp({ url, port, ca }, tls) }
}
